"""What was measured, kept as JSON: one entry a benchmark, renewed when it runs again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.figure import Figure, figures_of
from benchmarks.machine import described


@dataclass(frozen=True)
class Entry:
    """One benchmark's run.

    Attributes
    ----------
    seconds
        Of the whole command, preparation included.
    load
        Processes that wanted a core, before and after.
    """

    name: str
    words: str
    about: str
    figures: tuple[Figure, ...]
    seconds: float
    load: tuple[float, float]
    date: str


@dataclass(frozen=True)
class Record:
    """All that is known of one form, and the machine that measured last."""

    form: str
    machine: Mapping[str, Any]
    entries: Mapping[str, Entry]

    @classmethod
    def read(cls, path: Path, form: str) -> Self:
        """What is there; nothing yet where there is no file."""
        if not path.is_file():
            return cls(form, described(), {})
        made = json.loads(path.read_text(encoding="utf-8"))
        entries = {
            row["name"]: Entry(
                **{**row, "figures": figures_of(row["figures"]), "load": tuple(row["load"])}
            )
            for row in made["entries"]
        }
        return cls(made["form"], made["machine"], entries)

    def with_entry(self, entry: Entry) -> Self:
        """The record with this run in the place of an older one."""
        return type(self)(self.form, described(), {**self.entries, entry.name: entry})

    def write(self, path: Path) -> None:
        """Keep it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(one) for one in self.entries.values()]
        made = {"form": self.form, "machine": self.machine, "entries": rows}
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(made, indent=1, allow_nan=False), encoding="utf-8")
        draft.replace(path)
