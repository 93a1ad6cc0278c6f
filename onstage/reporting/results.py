"""``docs/results.md``: what was measured on every data set, in sentences made from the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from onstage.reporting.tables import PRIMARY, Cell, leaderboard_markdown


HEADER: Final = """# Results

Made by `{command}`; do not edit by hand. All models of one table answered the same events. Numbers
in brackets are the ends of the {confidence:.0%} interval, a bootstrap over users; differences are
paired, event by event. A dash is a metric that is not defined there. `±` is the standard deviation
between the seeds of a model that learns at random; its other numbers are averages over the seeds.
`repeat_share_at_10` is the share of hits within depth 10 that the user had watched before. On live
protocols `hr_at_1` is the reward: how often the one streamer recommended is the one then watched.
"""


@dataclass(frozen=True)
class Comparison:
    """By how much one model is better than a baseline on the same events.

    Attributes
    ----------
    model, baseline
        Names as on the leaderboard.
    difference
        Mean of model - baseline and its paired interval.
    n
        Number of events.
    """

    model: str
    baseline: str
    protocol: str
    difference: Cell
    n: int
    group: str = "all"
    metric: str = PRIMARY

    @property
    def sentence(self) -> str:
        """Say what the interval allows to be said, and no more."""
        what = f"{self.metric.replace('_at_', '@')} under {self.protocol}"
        what += "" if self.group == "all" else f", events {self.group}"
        return (
            f"`{self.model}` {self.verdict} `{self.baseline}` in {what}: difference "
            f"{_signed(self.difference)} over {self.n:,} events."
        )

    @property
    def verdict(self) -> str:
        """``beats`` only if the whole interval lies above 0."""
        if self.difference.low > 0:
            return "beats"
        if self.difference.high < 0:
            return "does not beat, and is worse than,"
        if self.difference.low <= 0 <= self.difference.high:
            return "does not beat (the interval contains 0)"
        return "is not shown to beat (no interval)"


@dataclass(frozen=True)
class DatasetResult:
    """One data set's section.

    Attributes
    ----------
    leaderboard
        See :data:`onstage.reporting.tables.LEADERBOARD`.
    champion
        The model that was chosen; with none the section says so.
    comparisons
        The champion against the baselines. One against `popularity` is expected under every
        protocol, and its absence is stated.
    description
        A paragraph on the data: rows, users, items, split. Markdown.
    command
        What made the numbers.
    occasions
        Markdown that follows the tables (:func:`onstage.reporting.occasions.occasions_markdown`).
    """

    name: str
    leaderboard: pd.DataFrame
    champion: str | None = None
    comparisons: tuple[Comparison, ...] = ()
    description: str = ""
    command: str = ""
    metrics: tuple[str, ...] | None = None
    occasions: str = ""
    primary: str = PRIMARY


def render_results(
    results: Sequence[DatasetResult], *, command: str = "make results", confidence: float = 0.95
) -> str:
    """Write the whole page as Markdown. The same results give the same text."""
    header = HEADER.format(command=command, confidence=confidence)
    return "\n".join([header, *(render_section(result) for result in results)])


def render_section(result: DatasetResult) -> str:
    """Write one data set: description, champion against baselines, and all tables.

    Raises
    ------
    ContractError
        The leaderboard has another shape or lacks the primary metric.
    """
    parts = [f"## {result.name}\n"]
    if result.description:
        parts.append(f"{result.description}\n")
    if result.command:
        parts.append(f"Made by `{result.command}`.\n")
    parts.append("\n".join(f"- {line}" for line in _sentences(result)) + "\n")
    if result.leaderboard.empty:
        parts.append("No model was evaluated.\n")
    board = leaderboard_markdown(result.leaderboard, metrics=result.metrics, primary=result.primary)
    return "\n".join([*parts, board, *([result.occasions] if result.occasions else [])])


def _sentences(result: DatasetResult) -> list[str]:
    if result.champion is None:
        return ["No champion was chosen."]
    lines = [f"Champion: `{result.champion}`."]
    lines += [comparison.sentence for comparison in result.comparisons]
    if result.champion == "popularity":
        return [*lines, "The champion is popularity itself: nothing beats it here."]
    compared = any(c.baseline == "popularity" for c in result.comparisons)
    missing = "No paired comparison with popularity was made, so none is claimed."
    return lines if compared else [*lines, missing]


def _signed(cell: Cell) -> str:
    if cell.low != cell.low or cell.high != cell.high:
        return f"{cell.value:+.4f}"
    return f"{cell.value:+.4f} [{cell.low:+.4f}, {cell.high:+.4f}]"
