"""Items by what people call them: exact where possible, fuzzy where clear, never guessed."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from onstage.columns import Columns
from onstage.errors import NotFoundError
from onstage.types import Id


SHOWN: Final = 10
"""Most titles shown when none is clearly meant."""
GOOD: Final = 85.0
"""A title that is only similar must reach this score, of 100, to be taken."""
LEAD: Final = 5.0
"""And be ahead of the next one by this much."""
POOR: Final = 60.0
"""Titles below this score are not even shown."""

_BRACKETS: Final = re.compile(r"\s*\([^()]*\)")
_ARTICLE_LAST: Final = re.compile(
    r", (the|a|an|la|le|les|el|los|das|der|die|il|l')$", re.IGNORECASE
)
_ARTICLE_FIRST: Final = re.compile(r"^(the|a|an) ", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """An item that may be meant."""

    item: Id
    title: str | None
    score: float
    """Similarity of the titles, 0 to 100; 100 for an identifier or the very title."""


class AmbiguousError(NotFoundError):
    """A title that nothing is called, or several things are; `matches` are the nearest.

    Remedy: give the identifier, or more of the title; `matches` has the nearest.
    """

    def __init__(self, message: str, matches: tuple[Match, ...]) -> None:
        super().__init__(message)
        self.matches = matches


class Titles:
    """The catalogue by identifier and by title.

    Parameters
    ----------
    ids
        Identifiers of all items.
    items
        Items table, perhaps with ``title``; missing titles are skipped, of two rows of an item the
        first counts.

    Notes
    -----
    A text means an item if it is its identifier, or its title without regard to case, punctuation,
    an article at either end, and what stands in brackets ("Matrix, The (1999)" is "matrix"). If
    exactly one item is meant so, it is taken. Otherwise titles are compared (:func:`_likeness`);
    the best is taken if it reaches :data:`GOOD` and leads by :data:`LEAD`.
    """

    def __init__(self, ids: pd.Index, items: pd.DataFrame | None) -> None:
        self._ids = ids
        self._titles = _titles(items)
        self._names: dict[Hashable, set[str]] | None = None

    def title(self, item: Id) -> str | None:
        """The title of an item; None where it has none."""
        return self._titles.get(item)

    def label(self, item: Id) -> str:
        """The title, or the identifier of an item without one."""
        return self._titles.get(item, str(item))

    def the_one(self, text: str) -> Match:
        """The item that `text` means.

        Raises
        ------
        AmbiguousError
            If nothing or more than one thing is clearly meant; with the nearest titles.
        """
        exact = self._exact(text)
        if len(exact) == 1:
            return exact[0]
        if exact:
            raise AmbiguousError(_several(text, exact), tuple(exact[:SHOWN]))
        if not self._titles:
            message = f"{text!r}: no such item, and this data has no titles; give an item's id"
            raise AmbiguousError(message, ())
        near = self.search(text)
        if near and near[0].score >= GOOD:
            rivals = [one for one in near if one.score > near[0].score - LEAD]
            if len(rivals) == 1:
                return near[0]
            raise AmbiguousError(_several(text, rivals), near)
        message = f"{text!r}: no title is like it" + (
            "; the nearest are not near enough to guess, give an id or more of the title"
            if near
            else "; give an item's id, or a title as it stands in the data"
        )
        raise AmbiguousError(message, near)

    def search(self, text: str, *, limit: int = SHOWN) -> tuple[Match, ...]:
        """The titles most like `text`, best first; equal ones in the order of the catalogue."""
        names = self._every_name()
        flat = [(item, name) for item, some in names.items() for name in sorted(some)]
        asked = _plain(text)
        if not asked or not flat:
            return ()
        found = _likeness(asked, [name for _, name in flat])
        best: dict[Any, float] = {}
        for (item, _), score in zip(flat, found, strict=True):
            if score >= POOR and score > best.get(item, 0.0):
                best[item] = float(score)
        order = sorted(best, key=lambda item: -best[item])[:limit]
        return tuple(Match(item, self.title(item), round(best[item], 1)) for item in order)

    def _exact(self, text: str) -> list[Match]:
        found: dict[Any, Match] = {}
        position = position_of(self._ids, text)
        if position >= 0:
            item = self._ids[position]
            item = item if isinstance(item, str) else int(item)
            found[item] = Match(item, self.title(item), 100.0)
        asked = {_plain(text), _plain(_bare(text))} - {""}
        whole = [i for i, names in self._every_name().items() if _plain(text) in names]
        for item in whole or [i for i, names in self._every_name().items() if asked & names]:
            found.setdefault(item, Match(item, self.title(item), 100.0))  # type: ignore[arg-type]
        return list(found.values())

    def _every_name(self) -> dict[Hashable, set[str]]:
        if self._names is None:
            self._names = {
                item: {_plain(title), _plain(_bare(title))} - {""}
                for item, title in self._titles.items()
            }
        return self._names


def position_of(ids: pd.Index, text: str) -> int:
    """Position of the identifier that `text` spells; -1 where there is none."""
    if ids.dtype.kind not in "iu":
        return int(ids.get_indexer(pd.Index([text]))[0])
    try:
        return int(ids.get_indexer(pd.Index([int(text)]))[0])
    except (ValueError, OverflowError):  # what is no integer is none of these identifiers
        return -1


def _titles(items: pd.DataFrame | None) -> dict[Any, str]:
    if items is None or Columns.TITLE not in items:
        return {}
    table = items.drop_duplicates(Columns.ITEM).dropna(subset=[Columns.TITLE])
    ids = table[Columns.ITEM].tolist()
    return dict(zip(ids, table[Columns.TITLE].astype(str).tolist(), strict=True))


def _likeness(asked: str, names: list[str]) -> NDArray[np.float32]:
    """How like each name is to what was asked, 0 to 100, shape (n_names,).

    The largest of: the normalised edit similarity; 0.95 of it after sorting the words; and, only
    for names longer than what was asked, 0.95 of that of the common words and 0.9 of that of the
    best matching part. rapidfuzz's ``WRatio`` is much like it, but finds "War" in "star wars".
    """
    longer = np.array([len(name) > len(asked) for name in names])
    whole = ((fuzz.ratio, 1.0), (fuzz.token_sort_ratio, 0.95))
    part = ((fuzz.token_set_ratio, 0.95), (fuzz.partial_ratio, 0.9))
    best = np.zeros(len(names), dtype=np.float32)
    for scorer, worth in (*whole, *part):
        score = process.cdist([asked], names, scorer=scorer, dtype=np.float32, workers=1)[0]
        score *= np.float32(worth)
        best = np.maximum(best, np.where(longer, score, 0) if (scorer, worth) in part else score)
    return best


def _plain(text: str) -> str:
    return " ".join(default_process(text).split())


def _bare(title: str) -> str:
    """A title without what stands in brackets, and without an article at either end."""
    title = _BRACKETS.sub("", title).strip()
    return _ARTICLE_FIRST.sub("", _ARTICLE_LAST.sub("", title))


def _several(text: str, matches: list[Match]) -> str:
    more = " or more" if len(matches) == SHOWN else ""
    return (
        f"{text!r} could be any of {len(matches)}{more} items, such as "
        f"{matches[0].title or matches[0].item!r} and {matches[1].title or matches[1].item!r}; "
        "give the id, or more of the title"
    )
