"""Leaderboards and other tables as Markdown, as plain text and as JSON."""

import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import pandas as pd
from typing_extensions import override

from onstage.columns import Columns
from onstage.contracts import ID_KINDS, NUMBER_KINDS, TableContract
from onstage.errors import ContractError


N: Final = "n"

LEADERBOARD: Final = TableContract(
    name="leaderboard",
    required=MappingProxyType(
        {
            Columns.MODEL: ID_KINDS,
            Columns.PROTOCOL: ID_KINDS,
            Columns.GROUP: ID_KINDS,
            Columns.METRIC: ID_KINDS,
            Columns.VALUE: NUMBER_KINDS,
            Columns.LOW: NUMBER_KINDS,
            Columns.HIGH: NUMBER_KINDS,
            N: NUMBER_KINDS,
        }
    ),
    optional=MappingProxyType({"seeds": "iuf", "spread": "ifO", Columns.SPLIT: ID_KINDS}),
)
"""One row per model, protocol, group and metric. ``low`` and ``high`` are the ends of the interval,
``nan`` where there is none; ``n`` is the number of events. ``spread`` is the standard deviation
between the values of several ``seeds``, missing where there was one. ``split`` says how the
protocol divides the log: ``time``, or ``random``, which lets models see the future."""

PRIMARY: Final = "ndcg_at_10"
METRICS: Final = (
    "ndcg_at_10",
    "recall_at_10",
    "hr_at_1",
    "mrr_at_10",
    "coverage_at_10",
    "repeat_share_at_10",
)
"""Metrics that are shown unless others are asked for, those of them that there are."""

GROUPS: Final = ("all", "repeat", "unseen")
"""Groups in the order in which they are shown; others follow by name."""


@dataclass(frozen=True)
class Cell:
    """One number with its interval and the spread between seeds; ``nan`` is unknown."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    spread: float = math.nan

    @override
    def __str__(self) -> str:
        if math.isnan(self.value):
            return "-"
        seeds = "" if math.isnan(self.spread) else f" ±{self.spread:.4f}"
        if math.isnan(self.low) or math.isnan(self.high):
            return f"{self.value:.4f}{seeds}"
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]{seeds}"


@dataclass(frozen=True)
class Standings:
    """The models of one protocol and group, best first.

    Attributes
    ----------
    n
        Number of events of the primary metric: the largest, if models differ.
    metrics
        Columns, the primary metric first.
    rows
        Model and its cells, by falling primary metric, unknown last, ties by name.
    split
        ``random`` is stamped on the title.
    """

    protocol: str
    group: str
    n: int
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    split: str = "time"

    @property
    def title(self) -> str:
        """Protocol, group and number of events; and that the split is a random one, if it is."""
        stamp = " (RANDOM SPLIT: models see the future)" if self.split == "random" else ""
        return f"{self.protocol}, {self.group}: {self.n:,} events{stamp}"

    def frame(self) -> pd.DataFrame:
        """The table as texts, one row per model."""
        cells = [[model, *map(str, row)] for model, row in self.rows]
        return pd.DataFrame(cells, columns=["model", *self.metrics])


def standings(
    rows: pd.DataFrame, *, metrics: Sequence[str] | None = None, primary: str = PRIMARY
) -> tuple[Standings, ...]:
    """Pivot a leaderboard: one table per protocol and group that it has.

    Parameters
    ----------
    rows
        See :data:`LEADERBOARD`. A model that stands twice counts with its last row.
    metrics
        :data:`METRICS` by default; ``()`` shows the primary one alone. Those that are not in
        `rows` are left out.
    primary
        Metric to sort by, shown first.

    Raises
    ------
    ContractError
        `rows` has another shape, or rows but none of the primary metric.
    """
    LEADERBOARD.check(rows)
    if len(rows) and primary not in set(rows[Columns.METRIC]):
        known = ", ".join(sorted(map(str, rows[Columns.METRIC].unique())))
        message = f"leaderboard: no metric {primary!r}; there are {known}"
        raise ContractError(message)
    found = set(rows[Columns.METRIC])
    wanted = METRICS if metrics is None else metrics
    shown = (primary, *(m for m in wanted if m in found and m != primary))
    parts = rows.groupby([Columns.PROTOCOL, Columns.GROUP], sort=False)
    made = [_pivot(str(p), str(g), part, shown) for (p, g), part in parts]
    order = list(dict.fromkeys(map(str, rows[Columns.PROTOCOL])))  # the primary one stands first
    return tuple(sorted(made, key=lambda s: (order.index(s.protocol), _group_order(s.group))))


def leaderboard_markdown(
    rows: pd.DataFrame, *, metrics: Sequence[str] | None = None, primary: str = PRIMARY
) -> str:
    """Write a leaderboard as Markdown, one titled table per protocol and group."""
    made = standings(rows, metrics=metrics, primary=primary)
    return "\n".join(f"**{_markdown(s.title)}**\n\n{markdown_table(s.frame())}" for s in made)


def leaderboard_text(
    rows: pd.DataFrame, *, metrics: Sequence[str] | None = None, primary: str = PRIMARY
) -> str:
    """Write a leaderboard for a terminal, one titled table per protocol and group."""
    made = standings(rows, metrics=metrics, primary=primary)
    return "\n".join(f"{_printable(s.title)}\n{text_table(s.frame())}" for s in made)


def leaderboard_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a leaderboard into what ``onstage leaderboard --json`` prints.

    Returns
    -------
    list of dict
        Keys ``model, protocol, group, metric, value, low, high, n``, and ``seeds``, ``spread`` and
        ``split`` where `rows` has them, in the order of `rows`; None where a number is ``nan`` or
        infinite, since JSON has neither.
    """
    LEADERBOARD.check(rows)
    return [_record(row) for row in rows.to_dict("records")]


def markdown_table(frame: pd.DataFrame) -> str:
    """Write a table of texts as Markdown; the first column is aligned left, the others right."""
    head = [_markdown(str(c)) for c in frame.columns]
    body = [[_markdown(str(cell)) for cell in row] for row in frame.itertuples(index=False)]
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *body))


def text_table(frame: pd.DataFrame) -> str:
    """Write a table of texts for a terminal; what cannot be printed becomes ``?``."""
    head = [_printable(str(c)) for c in frame.columns]
    body = [[_printable(str(cell)) for cell in row] for row in frame.itertuples(index=False)]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = ["-" * width for width in widths]
    return "".join(f"{_aligned(line, widths)}\n" for line in (head, rule, *body))


def _pivot(protocol: str, group: str, rows: pd.DataFrame, metrics: tuple[str, ...]) -> Standings:
    cells = {
        (str(r[Columns.MODEL]), str(r[Columns.METRIC])): Cell(
            float(r[Columns.VALUE]),
            float(r[Columns.LOW]),
            float(r[Columns.HIGH]),
            _float(r.get("spread")),
        )
        for r in rows.to_dict("records")
    }
    models = sorted({model for model, _ in cells})
    primary = {model: cells.get((model, metrics[0]), Cell()).value for model in models}
    models.sort(key=lambda m: math.inf if math.isnan(primary[m]) else -primary[m])
    events = rows.loc[rows[Columns.METRIC] == metrics[0], N]
    return Standings(
        protocol,
        group,
        n=int(events.max()) if len(events) else 0,
        metrics=metrics,
        rows=tuple((m, tuple(cells.get((m, k), Cell()) for k in metrics)) for m in models),
        split=str(rows[Columns.SPLIT].iloc[0]) if Columns.SPLIT in rows else "time",
    )


def _record(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    names = (Columns.MODEL, Columns.PROTOCOL, Columns.GROUP, Columns.METRIC)
    texts = {name: str(row[name]) for name in names}
    numbers = {name: _number(row[name]) for name in (Columns.VALUE, Columns.LOW, Columns.HIGH)}
    made = {**texts, **numbers, N: int(row[N])}
    if "seeds" in row:
        seeds = _number(_float(row["seeds"]))
        made["seeds"] = None if seeds is None else int(seeds)
    if "spread" in row:
        made["spread"] = _number(_float(row["spread"]))
    if Columns.SPLIT in row:
        made[Columns.SPLIT] = str(row[Columns.SPLIT])
    return made


def _float(value: float | None) -> float:
    """A number that came back from JSON, where ``nan`` is null."""
    return math.nan if value is None else float(value)


def _group_order(group: str) -> tuple[int, str, int, str]:
    """Known groups first; then by name, numbers at the end of a name as numbers."""
    place = GROUPS.index(group) if group in GROUPS else len(GROUPS)
    name, _, number = group.partition(":")
    return (place, name, int(number) if number.isdecimal() else sys.maxsize, number)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if at else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _markdown(text: str) -> str:
    """Escape what Markdown would read as markup."""
    escaped = "".join(f"\\{c}" if c in "\\|<*`" else c for c in _printable(text))
    return escaped.replace("](", "]\\(")
