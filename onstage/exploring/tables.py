"""The canonical tables in the engine: read where they lie, aggregated before anything is held."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources.build import OPEN_END
from onstage.data.sources.config import DataConfig, WindowSource
from onstage.data.sources.engine import engine, first_row, literal
from onstage.data.sources.engine import identifier as q
from onstage.data.tables import table_names
from onstage.seeds import generator


WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
SECONDS_A_DAY: Final = 86_400
LIKES, COMMENTS, ENGAGEMENT = "like_count", "comment_count", "engagement_count"

SAMPLE: Final = 2_000
"""Points of a scatter plot."""

NUMBERS: Final = frozenset({"DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "HUGEINT"})
OURS: Final = frozenset(v for k, v in vars(Columns).items() if k.isupper())


@dataclass(frozen=True)
class Tables:
    """Accepted tables as views of the engine.

    ``log`` has ``user, item, tick, day, weekday`` (Monday is 0; NULL in a log of steps) and, where
    there are any, ``seconds``, ``weight``, ``event`` and ``broadcast``. ``streams`` has one row a
    window: ``item, weekday, duration_seconds``, the source's numbers, and ``engagement_count``.
    ``relations`` has the source's numbers; ``titles`` has ``item`` (as text) and ``title``.

    Attributes
    ----------
    columns
        View to its columns.
    numbers
        View (``streams``, ``relations``) to the names of its numbers.
    rows
        View to its number of rows.
    assumed
        Whether the log's ends are assumed by the configuration, so that nothing was measured.
    """

    connection: duckdb.DuckDBPyConnection
    clock: Clock
    seed: int
    columns: Mapping[str, frozenset[str]]
    numbers: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, int]
    assumed: bool = False

    @property
    def calendar(self) -> bool:
        """Whether days have a weekday."""
        return self.clock.kind == "utc"

    def has(self, view: str, *columns: str) -> bool:
        """Whether a view has all of these columns."""
        return view in self.columns and set(columns) <= self.columns[view]

    def row(self, sql: str) -> tuple[Any, ...]:
        """The one row of a query."""
        return first_row(self.connection, sql) or ()

    def frame(self, sql: str) -> pd.DataFrame:
        """All rows of a query; say ORDER BY."""
        found = self.connection.execute(sql)
        names = [column[0] for column in found.description or []]
        return pd.DataFrame(found.fetchall(), columns=pd.Index(names, dtype="str"))

    def title(self, item: str) -> str | None:
        """The title of an item, where the catalogue has one."""
        if not self.has("titles"):
            return None
        wanted = f"SELECT title FROM titles WHERE item = {literal(item)} AND title IS NOT NULL"
        return next(iter(self.row(f"{wanted} ORDER BY title LIMIT 1")), None)

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Add floats in one order, whatever the number of threads: the same sums everywhere."""
        (threads,) = self.row("SELECT current_setting('threads')")
        self.connection.execute("SET threads = 1")
        try:
            yield
        finally:
            self.connection.execute(f"SET threads = {threads}")

    def sample(self, view: str, columns: list[str]) -> pd.DataFrame:
        """At most :data:`SAMPLE` rows of a view, seeded, in their order."""
        rows = self.rows[view]
        named = ", ".join(q(c) for c in columns)
        if rows <= SAMPLE:
            return self.frame(f'SELECT {named} FROM {view} ORDER BY "#"')
        rng = generator(self.seed, "explore", view)
        chosen = np.sort(rng.choice(rows, SAMPLE, replace=False, shuffle=False))
        listed = ", ".join(map(str, chosen.tolist()))
        return self.frame(f'SELECT {named} FROM {view} WHERE "#" IN ({listed}) ORDER BY "#"')


@contextmanager
def opened(
    folder: Path, scratch: Path, data: DataConfig, clock: Clock, *, seed: int = 0
) -> Iterator[Tables]:
    """Open the canonical tables of a folder.

    Parameters
    ----------
    folder
        With one Parquet file a table (:mod:`onstage.data.tables`).
    scratch
        Where the engine may spill; nothing of it remains.
    data
        Says whether ends are measured or assumed, and whether windows are a source of their own.
    seed
        Of the samples.
    """
    with engine(scratch) as connection:
        views = _Views(connection, folder, data, clock)
        views.make_log()
        if isinstance(data.windows, WindowSource) and not data.windows.opens:
            views.make_streams()
        views.make_relations()
        views.make_titles()
        yield Tables(
            connection,
            clock,
            seed,
            {view: frozenset(columns) for view, columns in views.columns.items()},
            views.numbers,
            views.rows,
            assumed=views.assumed,
        )


class _Views:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, data: DataConfig, clock: Clock
    ) -> None:
        self.connection, self.data, self.clock = connection, data, clock
        self.files = {name: folder / f"{name}.parquet" for name in table_names(folder)}
        self.columns: dict[str, list[str]] = {}
        self.numbers: dict[str, tuple[str, ...]] = {}
        self.rows: dict[str, int] = {}
        self.assumed = isinstance(data.interactions.ends_after, float)

    def make_log(self) -> None:
        types = self._types("interactions")
        tick = self._tick(Columns.TIME)
        columns = [
            f"{q(Columns.USER)} AS user",
            f"{q(Columns.ITEM)} AS item",
            f"{tick} AS tick",
            f"{self._day(tick)} AS day",
            f"{self._weekday(tick)} AS weekday",
        ]
        if Columns.DURATION in types:
            columns.append(f"{_finite(Columns.DURATION)} AS seconds")
        elif Columns.ENDS_AT in types and not self.assumed:
            length = f"({self._tick(Columns.ENDS_AT)} - {tick}) * {self.clock.seconds_per_tick!r}"
            columns.append(f"{length} AS seconds")
        if Columns.WEIGHT in types and self.data.interactions.weight != "duration":
            columns.append(f"{_finite(Columns.WEIGHT)} AS weight")
        more = {Columns.EVENT: "event", Columns.BROADCAST: "broadcast"}
        columns += [f"{q(name)} AS {alias}" for name, alias in more.items() if name in types]
        self._view("log", "interactions", columns)

    def make_streams(self) -> None:
        if "windows" not in self.files:
            return
        types = self._types("windows")
        starts, ends = self._tick(Columns.STARTS), self._tick(Columns.ENDS)
        closed = f"{ends} < {OPEN_END[self.clock.kind]} AND {ends} > {starts}"
        length = f"CASE WHEN {closed} THEN ({ends} - {starts}) * {self.clock.seconds_per_tick!r}"
        numbers = _numbers(types)
        columns = [
            f"{q(Columns.ITEM)} AS item",
            f"{self._weekday(starts)} AS weekday",
            f"{length} END AS {Columns.DURATION}",
            *(f"{_finite(name)} AS {q(name)}" for name in numbers),
        ]
        if Columns.BROADCAST in types:
            columns.append(f"{q(Columns.BROADCAST)} AS broadcast")
        made = [Columns.DURATION, *numbers]
        if {LIKES, COMMENTS} <= set(numbers):
            columns.append(f"{_finite(LIKES)} + {_finite(COMMENTS)} AS {ENGAGEMENT}")
            made.append(ENGAGEMENT)
        self._view("streams", "windows", columns)
        self.numbers["streams"] = tuple(made)

    def make_relations(self) -> None:
        if "relations" not in self.files:
            return
        numbers = _numbers(self._types("relations"))
        columns = [f"{_finite(name)} AS {q(name)}" for name in numbers]
        self._view("relations", "relations", columns)
        self.numbers["relations"] = numbers

    def make_titles(self) -> None:
        if "items" in self.files and Columns.TITLE in self._types("items"):
            columns = [
                f"CAST({q(Columns.ITEM)} AS VARCHAR) AS item",
                f"{q(Columns.TITLE)} AS title",
            ]
            self._view("titles", "items", columns)

    def _view(self, name: str, table: str, columns: list[str]) -> None:
        chosen = ", ".join(['file_row_number AS "#"', *columns])
        source = f"read_parquet({literal(str(self.files[table]))}, file_row_number = true)"
        self.connection.execute(f"CREATE VIEW {name} AS SELECT {chosen} FROM {source}")
        described = self.connection.execute(f"DESCRIBE {name}").fetchall()
        self.columns[name] = [column for column, *_ in described]
        (rows,) = first_row(self.connection, f"SELECT count(*) FROM {name}") or (0,)
        self.rows[name] = int(rows)

    def _types(self, table: str) -> dict[str, str]:
        source = f"read_parquet({literal(str(self.files[table]))})"
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        return {name: kind for name, kind, *_ in described}

    def _tick(self, column: str) -> str:
        return f"epoch_us({q(column)})" if self.clock.kind == "utc" else q(column)

    def _day(self, tick: str) -> str:
        ticks = self.clock.span(days=1)
        return f"CAST(floor({tick} / {ticks!r}) AS BIGINT)"

    def _weekday(self, tick: str) -> str:
        """Monday is 0; day 0 of the epoch was a Thursday."""
        if self.clock.kind != "utc":
            return "CAST(NULL AS BIGINT)"
        return f"((({self._day(tick)} + 3) % 7) + 7) % 7"


def _numbers(types: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(n for n, kind in types.items() if kind in NUMBERS and n not in OURS)


def _finite(column: str) -> str:
    value = f"CAST({q(column)} AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"
