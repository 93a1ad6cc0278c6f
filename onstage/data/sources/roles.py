"""Which column plays which role: by its name first, then by what is in it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from onstage.columns import Columns
from onstage.data.sources.profiles import ColumnProfile


_TELLING: Final = {
    Columns.ENDS_AT: "stop stops stopped end ends ended finish finished endtime stoptime",
    Columns.DURATION: "duration seconds sec secs dwell spent length",
    Columns.WEIGHT: "rating stars score weight plays count views quantity",
    Columns.EVENT: "event type action behavior behaviour activity verb",
    Columns.TIME: "timestamp time date datetime ts start starts started starttime begin begins "
    "created watched occurred when",
    Columns.USER: "user viewer person customer member account visitor profile uid userid "
    "subscriber listener reader buyer",
    Columns.ITEM: "item streamer content product movie film article track song video book asin "
    "artist host creator show game business recipe itemid",
    Columns.BROADCAST: "stream broadcast live channel",
}
_SHARED: Final = {
    Columns.ENDS_AT: "time at",
    Columns.DURATION: "watch watched time",
    Columns.WEIGHT: "times",
    Columns.TIME: "at event",
}
TELLING: Final = {role: frozenset(words.split()) for role, words in _TELLING.items()}
"""Words of which a name needs one to fit a role."""
WORDS: Final = {
    role: telling | {*_SHARED.get(role, "").split()} for role, telling in TELLING.items()
}
"""All words that fit a role."""
SILENT: Final = frozenset({"id", "name", "key", "code", "uuid", "no", "the", "of", "ids"})
"""Words that tell nothing about the role."""

MEASURES: Final = frozenset(
    {"count", "counts", "days", "minutes", "agent", "country", "region", "segment", "score", "age"}
)
"""Words of a name that tell of a property of users or items, not which one it is."""

MOST_EVENTS: Final = 50
"""A column with more distinct values is no event type."""
MOST_RATINGS, BEST_RATING = 21, 10
"""Ratings come in few values, and not above this."""


@dataclass
class Roles:
    """What was decided, why, and what was not."""

    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    steps: bool = False
    """Whether times are integer steps."""

    def take(self, role: str, column: ColumnProfile, reason: str) -> None:
        """Decide."""
        self.columns[role] = column
        self.reasons[role] = reason

    def free(self, columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
        """Columns without a role."""
        taken = {column.name for column in self.columns.values()}
        return [column for column in columns if column.name not in taken]


def assign(columns: Sequence[ColumnProfile], *, named: bool) -> Roles:
    """Give roles to columns.

    Parameters
    ----------
    columns
        In the file's order.
    named
        False when the file has no header, so that names mean nothing.
    """
    roles = Roles()
    if named:
        for role, fits in _FITTING.items():
            _by_name(roles, role, [c for c in roles.free(columns) if fits(c)])
        time = roles.columns.get(Columns.TIME)
        roles.steps = time is not None and time.time is None
    _times_by_content(roles, columns)
    _steps_by_content(roles, columns)
    if not named:
        _rating_by_content(roles, columns)
    _ids_by_content(roles, columns, named=named)
    return roles


def words_of(name: str) -> list[str]:
    """Split a name at capitals, digits and signs; lower case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-z]+", spaced.lower()) if word]


def fit_of_name(name: str, role: str) -> int:
    """2 when every telling word of a name belongs to a role, 1 when one does, else 0."""
    words = [word for word in words_of(name) if word not in SILENT]
    hits = [word for word in words if word in WORDS[role]]
    if not TELLING[role].intersection(hits):
        return 0
    if role in {Columns.USER, Columns.ITEM} and MEASURES.intersection(words):
        return 0
    return 2 if len(hits) == len(words) else 1


def _instants(column: ColumnProfile) -> bool:
    return column.time is not None or (column.integer and not column.constant)


_FITTING: Final[dict[str, Callable[[ColumnProfile], bool]]] = {
    Columns.ENDS_AT: _instants,
    Columns.DURATION: lambda c: c.number and c.time is None and c.low >= 0,
    Columns.EVENT: lambda c: not c.number and c.time is None and 0 < c.distinct <= MOST_EVENTS,
    Columns.WEIGHT: lambda c: c.number and c.time is None,
    Columns.TIME: _instants,
    Columns.USER: lambda c: c.id_like,
    Columns.ITEM: lambda c: c.id_like,
    Columns.BROADCAST: lambda c: c.id_like,
}


def _by_name(roles: Roles, role: str, columns: Sequence[ColumnProfile]) -> None:
    fits = {c.name: fit_of_name(c.name, role) for c in columns}
    best = max(fits.values(), default=0)
    if best == 0 or (best == 1 and role not in {Columns.TIME, Columns.USER, Columns.ITEM}):
        return
    equal = [c for c in columns if fits[c.name] == best]
    roles.take(role, equal[0], f"its name says so; {equal[0].describe()}")
    if len(equal) > 1:
        others = ", ".join(repr(c.name) for c in equal[1:])
        roles.doubts.append(f"{role}: took {equal[0].name!r}; {others} would fit as well")


def _times_by_content(roles: Roles, columns: Sequence[ColumnProfile]) -> None:
    if Columns.TIME in roles.columns:
        return
    found = [c for c in roles.free(columns) if c.time is not None]
    if found:
        roles.take(Columns.TIME, found[0], found[0].describe())
        if len(found) > 1:
            others = ", ".join(repr(c.name) for c in found[1:])
            roles.doubts.append(f"timestamp: took {found[0].name!r}; {others} are times as well")


def _steps_by_content(roles: Roles, columns: Sequence[ColumnProfile]) -> None:
    """Two neighbours of which the second is always a little larger: a start and its stop."""
    if Columns.TIME in roles.columns:
        return
    free = roles.free(columns)
    for start, stop in pairwise(free):
        both = start.integer and stop.integer and min(len(start.numbers), len(stop.numbers)) > 0
        if not both or start.low < 0:
            continue
        gaps = stop.numbers - start.numbers
        if (gaps > 0).all() and np.median(gaps) * 10 < start.high - start.low:
            roles.take(Columns.TIME, start, f"{stop.name!r} is always larger; {start.describe()}")
            roles.take(Columns.ENDS_AT, stop, f"always above {start.name!r}; {stop.describe()}")
            roles.steps = True
            return


def _rating_by_content(roles: Roles, columns: Sequence[ColumnProfile]) -> None:
    for column in roles.free(columns):
        few = 1 < column.distinct <= MOST_RATINGS and column.distinct * 10 < column.present
        if column.number and few and column.low >= 0 and column.high <= BEST_RATING:
            roles.take(
                Columns.WEIGHT, column, f"few small numbers, like ratings; {column.describe()}"
            )
            return


def _ids_by_content(roles: Roles, columns: Sequence[ColumnProfile], *, named: bool) -> None:
    open_roles = [r for r in (Columns.USER, Columns.ITEM) if r not in roles.columns]
    if Columns.ITEM in open_roles and Columns.BROADCAST in roles.columns:
        roles.take(Columns.ITEM, roles.columns.pop(Columns.BROADCAST), "nothing else names an item")
        roles.reasons.pop(Columns.BROADCAST)
        open_roles.remove(Columns.ITEM)
    found = [c for c in roles.free(columns) if c.id_like and c.repeats]
    found.sort(key=lambda c: (not c.sorted, columns.index(c)))
    names = ", ".join(repr(c.name) for c in found)
    for role in open_roles:
        if not found:
            continue
        column = found.pop(0) if role == Columns.USER else _most_repeated(found)
        roles.take(role, column, f"guessed from what is in it; {column.describe()}")
        roles.doubts.append(f"{role}: took {column.name!r}; the candidates were {names}")
    rest = [c for c in roles.free(columns) if c.id_like]
    if not named and rest and Columns.BROADCAST not in roles.columns:
        column = max(rest, key=lambda c: c.distinct)
        item = roles.columns.get(Columns.ITEM)
        if item is not None and column.distinct > item.distinct:
            reason = f"more values than items, as broadcasts have; {column.describe()}"
            roles.take(Columns.BROADCAST, column, reason)


def _most_repeated(found: list[ColumnProfile]) -> ColumnProfile:
    """Take the column of most rows a value, text before numbers, out of `found`."""
    best = min(found, key=lambda c: (c.integer, c.distinct / max(c.present, 1)))
    found.remove(best)
    return best
