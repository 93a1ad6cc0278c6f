"""The tables of ``docs/scale.md``: what every step took at every size, with exponents."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.figure import shown
from benchmarks.growth.exponents import exponent, steepest
from benchmarks.growth.measurement import Measurement, of_step


PAGE: Final = Path(__file__).parents[2] / "docs" / "scale.md"
BEGIN: Final = "<!-- growth: begin -->"
END: Final = "<!-- growth: end -->"
Value = Callable[[Measurement], float]


def write(found: Sequence[Measurement], steps: Sequence[str], page: Path = PAGE) -> None:
    """Put the tables between the page's marks."""
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    body = "\n\n".join(
        table(found, steps, title, value)
        for title, value in (
            ("Processor seconds", lambda one: one.cpu),
            ("Wall seconds, on a machine that was busy", lambda one: one.seconds),
            ("Peak memory of the process, GiB", lambda one: one.peak_mib / 1024),
        )
    )
    loads = [one.load for one in found if one.status == "done"]
    busy = f"Load of the machine (two cores) meanwhile: {min(loads):.1f} to {max(loads):.1f}."
    page.write_text(f"{head}{BEGIN}\n\n{body}\n\n{busy}\n\n{END}{tail}", encoding="utf-8")


def table(found: Sequence[Measurement], steps: Sequence[str], title: str, value: Value) -> str:
    """One quantity: a row a step, a column a size, and the slopes."""
    sizes = sorted({one.rows for one in found})
    heads = " | ".join(f"{one / 1e6:g}M" for one in sizes)
    lines = [
        f"| {title} | {heads} | exponent | last two |",
        "| :-- |" + " --: |" * (len(sizes) + 2),
    ]
    for step in steps:
        part = of_step(found, step)
        if not part:
            continue
        cells = " | ".join(_cell(found, step, size, value) for size in sizes)
        rows, values = [one.rows for one in part], [value(one) for one in part]
        slopes = f"{exponent(rows, values):.2f} | {steepest(rows, values):.2f}"
        lines.append(f"| {step} | {cells} | {slopes if len(part) > 1 else ' | '} |")
    return "\n".join(lines)


def _cell(found: Sequence[Measurement], step: str, rows: int, value: Value) -> str:
    for one in found:
        if (one.step, one.rows) == (step, rows):
            return shown(value(one)) if one.status == "done" else f"ended: {one.status}"
    return ""
