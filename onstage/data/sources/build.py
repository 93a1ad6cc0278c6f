"""From staged rows to canonical tables: SQL that is composed here and nowhere else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources.cast import Kind
from onstage.data.sources.config import InteractionSource, WindowSource
from onstage.data.sources.engine import identifier as q
from onstage.data.sources.engine import literal
from onstage.data.sources.staging import Staged


OPEN_END: Final = {"utc": 7_258_118_400_000_000, "step": 2**31 - 1}
"""Ticks at which a window without an end closes: 2200-01-01, or step 2 147 483 647."""

ROW: Final = '"#"'
"""Position of a row in its files: what keeps their order."""
UNTIL: Final = '"#until"'
"""End of the broadcast that a row was joined with."""


@dataclass(frozen=True)
class Query:
    """Rows on their way: a SELECT, and what its columns hold (besides the row's position)."""

    sql: str
    kinds: dict[str, Kind]
    ordered: bool = True
    """Whether the rows still come in the order of their files."""
    until: bool = False
    """Whether the end of the broadcast goes along."""

    def step(
        self, columns: Sequence[str], where: str = "true", *, ordered: bool | None = None
    ) -> "Query":
        """Select from these rows."""
        sql = f"SELECT {', '.join(columns)} FROM ({self.sql}) WHERE {where}"  # noqa: S608
        return replace(self, sql=sql, ordered=self.ordered if ordered is None else ordered)


def staged_query(staged: Staged) -> Query:
    """All rows of a staged table."""
    columns = ", ".join([f"rowid AS {ROW}", *(q(name) for name in staged.kinds)])
    return Query(f"SELECT {columns} FROM {staged.sql}", dict(staged.kinds))  # noqa: S608


def span(clock: Clock, ends_after: float | str) -> str:
    """Ticks between start and end, as an expression: seconds in UTC, steps in a log of steps.

    A duration that is no whole number of ticks is rounded up.
    """
    if ends_after == "duration":
        return f"CAST(ceil({q(Columns.DURATION)} / {clock.seconds_per_tick!r}) AS BIGINT)"
    length = float(ends_after)
    return str(math.ceil(length if clock.kind == "step" else clock.span(seconds=length)))


def interactions(
    staged: Staged, source: InteractionSource, clock: Clock, windows: Query | None
) -> Query:
    """Filter, join, weigh, drop duplicates, sum: in this order."""
    query = _weighed_by_event(staged_query(staged), source)
    if source.join is not None and windows is not None:
        query = _joined(query, windows)
    if source.duplicates == "drop":
        query = _distinct(query)
    if source.sum_by:
        query = _summed(query, source.sum_by)
    if source.ends_after is not None:
        query = _ended(query, span(clock, source.ends_after))
    query = _weighed(query, source)
    if source.min_weight is not None:
        query = query.step(["*"], f"{q(Columns.WEIGHT)} >= {source.min_weight!r}")
    return query


def _weighed_by_event(query: Query, source: InteractionSource) -> Query:
    event = q(Columns.EVENT)
    if not source.events:
        return query
    kept = ", ".join(literal(name) for name, strength in source.events.items() if strength)
    known = f"{event} IN ({kept})" if kept else "false"
    where = f"({known} OR {event} IS NULL)" if source.unknown_events == "error" else known
    if source.weight not in {"auto", "event"} or Columns.WEIGHT in query.kinds:
        return query.step(["*"], where)
    cases = " ".join(f"WHEN {literal(e)} THEN {s!r}" for e, s in source.events.items())
    weighed = query.step(
        ["*", f"CAST(CASE {event} {cases} END AS DOUBLE) AS {q(Columns.WEIGHT)}"], where
    )
    return replace(weighed, kinds={**query.kinds, Columns.WEIGHT: "number"})


def _joined(query: Query, windows: Query) -> Query:
    """Give each row item and time of its broadcast, unless the log has its own."""
    taken = [name for name in (Columns.ITEM, Columns.TIME) if name not in query.kinds]
    origin = {Columns.ITEM: Columns.ITEM, Columns.TIME: Columns.STARTS}
    columns = ["l.*", *(f"w.{q(origin[name])} AS {q(name)}" for name in taken)]
    columns.append(f"w.{q(Columns.ENDS)} AS {UNTIL}")
    key = q(Columns.BROADCAST)
    on = f"l.{key} = w.{key}"
    tables = f"({query.sql}) l LEFT JOIN ({windows.sql}) w ON {on}"
    sql = f"SELECT {', '.join(columns)} FROM {tables}"  # noqa: S608
    more: dict[str, Kind] = {Columns.ITEM: "id", Columns.TIME: "time"}
    return Query(sql, query.kinds | more, ordered=False, until=True)


def _distinct(query: Query) -> Query:
    columns = [q(name) for name in query.kinds] + [UNTIL] * query.until
    alike = query.step([f"min({ROW}) AS {ROW}", *columns], ordered=False)
    return replace(alike, sql=f"{alike.sql} GROUP BY {', '.join(columns)}")


def _summed(query: Query, keys: tuple[str, ...]) -> Query:
    kinds = {n: k for n, k in query.kinds.items() if n != Columns.EVENT or n in keys}
    columns = [f"min({ROW}) AS {ROW}"]
    columns += [q(n) if n in keys else f"{_aggregate(n)} AS {q(n)}" for n in kinds]
    columns += [f"max({UNTIL}) AS {UNTIL}"] * query.until
    summed = query.step(columns, ordered=False)
    by = ", ".join(q(key) for key in keys)
    return replace(summed, sql=f"{summed.sql} GROUP BY {by}", kinds=kinds)


def _aggregate(name: str) -> str:
    column = q(name)
    if name in {Columns.WEIGHT, Columns.DURATION}:
        # Exact to a millionth, so that the sum does not depend on which thread added first.
        return f"CAST(sum(CAST({column} AS DECIMAL(28, 6))) AS DOUBLE)"
    if name == Columns.TIME:
        return f"min({column})"
    if name == Columns.ENDS_AT:
        return f"max({column})"
    return f"arg_min({column}, {ROW})"


def _ended(query: Query, length: str) -> Query:
    ends = f"{q(Columns.TIME)} + {length}"
    ends = f"least({ends}, {UNTIL})" if query.until else ends
    ended = query.step(["*", f"{ends} AS {q(Columns.ENDS_AT)}"])
    return replace(ended, kinds={**query.kinds, Columns.ENDS_AT: "time"})


def _weighed(query: Query, source: InteractionSource) -> Query:
    if source.weight == "duration":
        value = q(Columns.DURATION)
    elif isinstance(source.weight, float):
        value = f"CAST({source.weight!r} AS DOUBLE)"
    else:
        return query
    rest = [q(n) for n in query.kinds if n != Columns.WEIGHT]
    weighed = query.step([ROW, *rest, f"{value} AS {q(Columns.WEIGHT)}"])
    return replace(weighed, kinds={**query.kinds, Columns.WEIGHT: "number"})


def windows(staged: Staged, source: WindowSource, clock: Clock) -> Query:
    """Give every row its end."""
    query = staged_query(staged)
    if source.ends_after is not None:
        ends = f"{q(Columns.STARTS)} + {span(clock, source.ends_after)}"
    else:
        ends = f"coalesce({q(Columns.ENDS)}, {OPEN_END[clock.kind]})"
    rest = [n for n in query.kinds if n not in {Columns.ENDS, Columns.DURATION}]
    whole = query.step([ROW, *(q(n) for n in rest), f"{ends} AS {q(Columns.ENDS)}"])
    kinds: dict[str, Kind] = {n: query.kinds[n] for n in rest}
    return replace(whole, kinds={**kinds, Columns.ENDS: "time"})
