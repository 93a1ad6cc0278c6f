"""The table of ``docs/benchmarks.md``, between its two marks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.figure import Figure, shown
from benchmarks.record import Entry, Record
from benchmarks.registry import BENCHMARKS


PAGE: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"
HEADING: Final = "## Measured: "


def write(records: Sequence[Record], page: Path = PAGE) -> None:
    """Put what was measured between the page's marks; a form without a record keeps its section.

    Raises
    ------
    ValueError
        If nothing was: the page keeps what it has.
    """
    if not any(one.entries for one in records):
        message = "nothing measured is kept here: run `python -m benchmarks` before `--write`"
        raise ValueError(message)
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    sections = (section(one) if one.entries else kept(old, one.form) for one in records)
    body = "\n\n".join(one for one in sections if one)
    page.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}", encoding="utf-8")


def kept(old: str, form: str) -> str:
    """The section of a form as the page has it; empty where it has none."""
    parts = (HEADING + part.strip() for part in old.split(HEADING)[1:])
    return next((part for part in parts if part.startswith(heading(form))), "")


def heading(form: str) -> str:
    """First line of a form's section."""
    return f"{HEADING}the {form} form"


def section(record: Record) -> str:
    """Machine and table of one form."""
    lines = [heading(record.form), "", machine(record.machine), ""]
    lines += ["| what | median | least to most | n | target |", "| :-- | --: | --: | --: | :-- |"]
    for benchmark in BENCHMARKS:
        entry = record.entries.get(benchmark.name)
        if entry is not None and entry.figures:
            lines += rows(entry)
    return "\n".join(lines)


def machine(made: dict[str, Any]) -> str:
    """One sentence on what ran it."""
    names = ", ".join(f"{name} {number}" for name, number in made["libraries"].items())
    return (
        f"{made['cores']} cores ({made['processor']}), {made['memory_gib']} GiB, {made['system']}, "
        f"Python {made['python']}; {names}."
    )


def rows(entry: Entry) -> Iterator[str]:
    """The heading of one benchmark and a row a figure."""
    before, after = entry.load
    yield (
        f"| **`python -m benchmarks.{entry.name}{' ' if entry.words else ''}{entry.words}`** "
        f"{entry.about}; {entry.date}, {entry.seconds:.0f} s, load {before:.1f} to {after:.1f} "
        "| | | | |"
    )
    for figure in entry.figures:
        yield row(figure)


def row(figure: Figure) -> str:
    """One figure."""
    unit = f" {figure.unit}" if figure.unit else ""
    spread = figure.spread if len(figure.values) > 1 else ""
    verdict = {None: "", True: ": met", False: ": **missed**"}[figure.met]
    value = f"{shown(figure.median)}{unit}"
    return (
        f"| {figure.what} | {value} | {spread} | {len(figure.values)} | {figure.target}{verdict} |"
    )
