"""One figure or table of an exploration, with the sentence that says what it shows."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import pandas as pd


UNTOLD: Final[Mapping[str, bool]] = {"told": False}
"""Metadata of a field that is drawn, but too long for the facts."""


@dataclass(frozen=True)
class Sheet:
    """A table for people: every cell is text already.

    Attributes
    ----------
    bars
        Cells per row that are a share (0 to 1) and drawn as a bar behind the last cell.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bars: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exhibit(ABC):
    """What is drawn or listed, and what it says.

    Attributes
    ----------
    key
        Name of its files and of its facts.
    title
        Heading.
    notes
        What a reader must know to read it: samples, rows left out, columns that are missing.
    """

    key: str
    title: str
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What it shows, in words computed from the data."""

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Tables below the figure."""
        return ()

    def facts(self) -> dict[str, Any]:
        """The numbers behind it, as JSON can hold them; nan and missing values are None."""
        told = [f.name for f in fields(self) if f.metadata.get("told", True)]
        values = {name: plain(getattr(self, name)) for name in told if name != "key"}
        return {**values, "sentence": self.sentence}


@dataclass(frozen=True)
class Absent:
    """An exhibit that is left out.

    Attributes
    ----------
    missing
        Columns that would be needed, as ``table.column``.
    why
        One sentence.
    """

    key: str
    title: str
    missing: tuple[str, ...]
    why: str

    def facts(self) -> dict[str, Any]:
        """What is missing."""
        return {"title": self.title, "missing": [*self.missing], "left_out": self.why}


@dataclass(frozen=True)
class Chapter:
    """Exhibits that belong together."""

    title: str
    parts: tuple[Exhibit | Absent, ...]


@dataclass(frozen=True)
class Exploration:
    """Everything that is said about one log."""

    name: str
    chapters: tuple[Chapter, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    """Name to value: what was looked at, and how."""

    @property
    def exhibits(self) -> tuple[Exhibit, ...]:
        """All that is shown, in order."""
        parts = (part for chapter in self.chapters for part in chapter.parts)
        return tuple(part for part in parts if isinstance(part, Exhibit))

    def facts(self) -> dict[str, Any]:
        """The numbers of every part, by key."""
        parts = [part for chapter in self.chapters for part in chapter.parts]
        return {"name": self.name, **{part.key: part.facts() for part in parts}}


def file_name(text: str) -> str:
    """A text as a file name without its ending: letters, digits, ``-`` and ``_``."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", text).strip("_") or "_"


def plain(value: Any) -> Any:  # noqa: ANN401  # whatever an exhibit holds
    """The same as lists, dicts, numbers and text."""
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        return value
    return [plain(one) for one in value]
