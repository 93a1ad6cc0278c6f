"""The meaning of a table's columns, and whether a file is as it is said here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final


TIME: Final = "UTC, microseconds; or a whole step of the log's clock"
USER: Final = "who, as in the source: 64-bit integer or text"
ITEM: Final = "what is recommended, as in the source: 64-bit integer or text"


@dataclass(frozen=True)
class Described:
    """One kind of table.

    Attributes
    ----------
    name
        Heading.
    files
        Globs of its files; ``-*`` stands for the digest of a step's folder.
    rows
        What one row is.
    columns
        Name to meaning and unit. Those in `optional` may be absent.
    families
        Pattern of a column's whole name to meaning: as many columns as there are of them.
    """

    name: str
    files: tuple[str, ...]
    rows: str
    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    families: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def holds(self, path: str) -> bool:
        """Whether the file at `path`, relative to the home folder, is one of these."""
        return any(PurePosixPath(path).match(pattern) for pattern in self.files)

    def differences(self, columns: Iterable[str]) -> list[str]:
        """Columns that are missing, or not described; empty where all is as it is said here."""
        there = list(columns)
        missing = [one for one in self.columns if one not in there and one not in self.optional]
        unknown = [
            one
            for one in there
            if one not in self.columns
            and not any(re.fullmatch(pattern, one) for pattern in self.families)
        ]
        return missing + unknown
