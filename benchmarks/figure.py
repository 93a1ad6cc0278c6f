"""What a benchmark finds: figures with their spread, printed and kept as JSON."""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured quantity.

    Attributes
    ----------
    what
        What was measured, as a reader of the table would ask.
    unit
        ``s``, ``ms``, ``x`` (a ratio), ``MiB``, ``/s`` (a rate), ``%`` or none.
    values
        One a repetition; the median counts.
    at_most, at_least
        The target, where there is one.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def median(self) -> float:
        """The middle of the repetitions."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None without one."""
        if self.at_most is None and self.at_least is None:
            return None
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= self.median <= high

    @property
    def target(self) -> str:
        """The target in words."""
        named = (("at most", self.at_most), ("at least", self.at_least))
        return ", ".join(f"{word} {shown(one)}" for word, one in named if one is not None)

    @property
    def spread(self) -> str:
        """Least to most."""
        return f"{shown(min(self.values))} to {shown(max(self.values))}"


def shown(value: float) -> str:
    """Three significant digits, whole thousands with commas."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"


def ratio(
    what: str,
    over: Sequence[float],
    under: Sequence[float],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Figure:
    """How many times `over` is `under`, round by round: what disturbs a round disturbs both."""
    values = tuple(a / b for a, b in zip(over, under, strict=True))
    return Figure(what, "x", values, at_most, at_least)


def arguments_of(doc: str) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(description=doc.split("\n", 1)[0])
    parser.add_argument("--output", type=Path, help="also write the figures here, as JSON")
    return parser


def tell(about: str, figures: Sequence[Figure], output: Path | None = None) -> None:
    """Print the figures, and write them where that was asked for."""
    print(about)
    for one in figures:
        spread = f"  ({one.spread}, n = {len(one.values)})" if len(one.values) > 1 else ""
        verdict = {None: "", True: "  met", False: "  MISSED"}[one.met]
        target = f"  target {one.target}{verdict}" if one.target else ""
        print(f"  {one.what:<64} {shown(one.median):>9} {one.unit}{spread}{target}")
    sys.stdout.flush()
    if output is not None:
        made = {"about": about, "figures": [asdict(one) for one in figures]}
        output.write_text(json.dumps(made, indent=1, allow_nan=False), encoding="utf-8")


def read(path: Path) -> tuple[str, tuple[Figure, ...]]:
    """What :func:`tell` wrote."""
    made = json.loads(path.read_text(encoding="utf-8"))
    return made["about"], figures_of(made["figures"])


def figures_of(rows: Sequence[dict[str, object]]) -> tuple[Figure, ...]:
    """Figures from their JSON."""
    return tuple(Figure(**{**row, "values": tuple(row["values"])}) for row in rows)  # type: ignore[arg-type]
