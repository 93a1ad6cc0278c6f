"""What one check found: numbers, the first offenders, and what to do."""

from typing import Final

from pydantic import BaseModel, ConfigDict


SHOWN: Final = 3
"""Offenders that are named."""


class Finding(BaseModel):
    """The result of one check on one part of one protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    check: str
    """Name of the check: ``overlap``, ``duplicates``, ``availability``, ``fitted``, ``future``."""
    part: str
    """``validation`` or ``test``."""
    looked_at: str
    """What was looked at, in words."""
    numbers: dict[str, int]
    """What was counted, by name."""
    leaks: int
    """How many rows, pairs, events or numbers leak; 0 is clean."""
    first: tuple[str, ...] = ()
    """The first of them, by their ids and times."""
    remedy: str
    """What to do about it."""

    @property
    def sentence(self) -> str:
        """One line: what leaks, the first of it, and the remedy."""
        counted = ", ".join(f"{value} {name}" for name, value in self.numbers.items())
        named = f", the first {'; '.join(self.first)}" if self.first else ""
        return f"{self.check} ({self.part}): {self.leaks} leaks in {counted}{named}; {self.remedy}"
