"""The leaderboard as the report shows it: tables with letters and drawn intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from markupsafe import Markup

from onstage.clustering.clusters import Clusters
from onstage.columns import Columns
from onstage.evaluation.pairwise import letters
from onstage.evaluation.slices import VIEWERS, is_slice
from onstage.reporting.intervals import Scale, interval_svg
from onstage.reporting.report import Report
from onstage.reporting.tables import LEADERBOARD, Cell, Standings, standings


MANY_KINDS: Final = 12
"""More slices than that stand down the page instead of across it."""


@dataclass(frozen=True)
class Line:
    """One model in one table."""

    rank: int
    model: str
    letters: str
    bar: Markup
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Ranking:
    """One protocol and group: every model and metric.

    Attributes
    ----------
    title
        Protocol, group and number of events, with the stamp of a random split.
    lettered
        Whether models were compared pair by pair, so that they have letters.
    """

    protocol: str
    group: str
    title: str
    n: int
    metrics: tuple[str, ...]
    scale: Scale
    lettered: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Slices:
    """The primary metric of every model in every group of one protocol.

    Attributes
    ----------
    heads
        Group and its number of events.
    rows
        Model and its cells, one a group; the order is that of the protocol's first table.
    best
        Largest value of each group; ``nan`` without any.
    """

    heads: tuple[tuple[str, int], ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    best: tuple[float, ...]

    @property
    def down(self) -> bool:
        """Whether there are so many groups that they stand down the page."""
        return len(self.heads) > MANY_KINDS


@dataclass(frozen=True)
class Board:
    """Everything about one protocol.

    Attributes
    ----------
    random
        Whether the protocol splits at random, so that models see the future.
    first
        The ranking on the report's group, or else the first there is.
    others
        Those on other groups.
    by_kind
        Those on kinds of viewers; empty where there are more than :data:`MANY_KINDS`.
    kinds
        Groups that are kinds of viewers, to what they are.
    """

    protocol: str
    about: str
    random: bool
    first: Ranking
    others: tuple[Ranking, ...]
    by_kind: tuple[Ranking, ...]
    slices: Slices | None
    kinds: Mapping[str, str]


def boards(report: Report) -> list[Board]:
    """One board a protocol, the primary one first; none without a leaderboard."""
    if report.leaderboard is None or report.leaderboard.empty:
        return []
    rows = LEADERBOARD.check(report.leaderboard)
    sliced = rows[Columns.GROUP].astype(str).map(is_slice).astype(bool)
    tables = standings(rows[~sliced], metrics=report.metrics, primary=report.primary)
    kinds = standings(rows[sliced], metrics=report.metrics, primary=report.primary)
    return [
        _board(
            report,
            [table for table in tables if table.protocol == protocol],
            [table for table in kinds if table.protocol == protocol],
        )
        for protocol in dict.fromkeys(table.protocol for table in tables)
    ]


def _board(report: Report, own: Sequence[Standings], kinds: Sequence[Standings]) -> Board:
    ordered = sorted(own, key=lambda table: table.group != report.group)
    protocol = ordered[0].protocol
    first, *others = (_ranking(report, table) for table in ordered)
    return Board(
        protocol=protocol,
        about=report.protocols.get(protocol, ""),
        random=ordered[0].split == "random",
        first=first,
        others=tuple(others),
        by_kind=tuple(_ranking(report, t) for t in kinds) if len(kinds) <= MANY_KINDS else (),
        slices=_slices([*ordered, *kinds]),
        kinds=_names(report.slices.get(protocol), kinds),
    )


def _ranking(report: Report, table: Standings) -> Ranking:
    """Leave out metrics that are not defined here, such as coverage of a part of the events."""
    defined = [
        at
        for at, _ in enumerate(table.metrics)
        if at == 0 or any(math.isfinite(cells[at].value) for _, cells in table.rows)
    ]
    pairs = report.pairs.get((table.protocol, table.group))
    marks = {} if pairs is None else letters(pairs, report.level)
    scale = Scale.of(cells[0] for _, cells in table.rows)
    leader = table.rows[0][1][0]
    lines = [
        Line(
            rank=rank,
            model=model,
            letters=marks.get(model, ""),
            bar=interval_svg(cells[0], scale, leader),
            cells=tuple(cells[at] for at in defined),
        )
        for rank, (model, cells) in enumerate(table.rows, start=1)
    ]
    return Ranking(
        protocol=table.protocol,
        group=table.group,
        title=table.title,
        n=table.n,
        metrics=tuple(table.metrics[at] for at in defined),
        scale=scale,
        lettered=pairs is not None,
        lines=tuple(lines),
    )


def _slices(tables: Sequence[Standings]) -> Slices | None:
    """None where there is but one group."""
    if len(tables) == 1:
        return None
    cells = {(table.group, model): row[0] for table in tables for model, row in table.rows}
    models = dict.fromkeys(model for table in tables for model, _ in table.rows)
    rows = [(m, tuple(cells.get((t.group, m), Cell()) for t in tables)) for m in models]
    columns = pd.DataFrame([[c.value for c in row] for _, row in rows])
    return Slices(
        heads=tuple((table.group, table.n) for table in tables),
        rows=tuple(rows),
        best=tuple(float(value) for value in columns.max()),
    )


def _names(clusters: Clusters | None, kinds: Sequence[Standings]) -> dict[str, str]:
    """What each kind of viewers is, of those that the board has."""
    if clusters is None:
        return {}
    found = {table.group for table in kinds}
    named = {f"{VIEWERS}:{n}": str(text) for n, text in clusters.sentences().items()}
    return {group: text for group, text in named.items() if group in found}
