"""Look at a file of unknown layout, and guess its configuration."""

import re
from pathlib import Path
from typing import Any, Final

import duckdb

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources.cast import Cast
from onstage.data.sources.engine import identifier, translated
from onstage.data.sources.files import Relation, relation
from onstage.data.sources.guess import Guess, render_config
from onstage.data.sources.profiles import ColumnProfile, profile
from onstage.data.sources.roles import Roles, assign
from onstage.data.sources.sniffing import sniff
from onstage.data.sources.source import Source, TimeFormat
from onstage.errors import SourceError


__all__ = ["Guess", "inspect", "render_config"]

SAMPLE: Final = 50_000
"""Rows that are looked at."""
STRENGTHS: Final = {
    **dict.fromkeys(("view", "click", "play", "watch", "open", "visit", "impression"), 1.0),
    **dict.fromkeys(("like", "love", "upvote", "favorite", "favourite"), 2.0),
    **dict.fromkeys(("bookmark", "save", "cart", "wishlist"), 3.0),
    **dict.fromkeys(("follow", "share", "subscribe"), 4.0),
    **dict.fromkeys(("comment", "purchase", "buy", "order", "gift", "transaction"), 5.0),
}
"""Suggested strength of an event type with such a word in its name; the strongest word counts."""
STEP_SECONDS: Final = 600.0
"""Assumed length of a step, which no file says."""
SHORT: Final = {
    Columns.USER: "user",
    Columns.ITEM: "item",
    Columns.BROADCAST: "broadcast",
    Columns.TIME: "start",
    Columns.ENDS_AT: "stop",
    Columns.WEIGHT: "rating",
    Columns.EVENT: "event",
    Columns.DURATION: "duration",
}
"""Names given to the columns of a file that has none."""


def inspect(path: Path) -> Guess:
    """Look at the first rows of a file and guess what its columns mean.

    Parameters
    ----------
    path
        CSV and the like, Parquet or JSON lines; plain, gzip or zstd.

    Raises
    ------
    SourceError
        If the file is missing, empty or unreadable.
    """
    if not path.is_file():
        message = f"{path}: no such file; give the path of one log file"
        raise SourceError(message)
    if path.stat().st_size == 0:
        message = f"{path}: the file is empty; there is nothing to look at"
        raise SourceError(message)
    layout, sentences, questions = sniff(path)
    source = Source.model_validate({"path": str(path), **layout})
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        try:
            table = relation(connection, path, source)
            columns = _profiles(connection, table)
            roles = assign(columns, named="header" not in layout)
            events = _events(connection, table, roles)
        except duckdb.Error as error:
            raise translated(error, path) from error
    names = _names(roles, layout)
    mapping = {role: names.get(column.name, column.name) for role, column in roles.columns.items()}
    ordered = {role: mapping[role] for role in SHORT if role in mapping}
    section = {"path": str(path), **layout, "columns": ordered}
    if "header" in layout:
        section["header"] = [names.get(name, name) for name in layout["header"]]
    return Guess(
        name=_slug(path),
        clock=Clock(kind="step", step_seconds=STEP_SECONDS) if roles.steps else Clock(),
        source=section | _meaning(roles, events),
        windows="interactions" if _ends(roles) else None,
        sentences=(*sentences, *_sentences(roles, columns, mapping)),
        questions=(*questions, *roles.doubts, *_questions(roles, events)),
        missing=tuple(r for r in (Columns.USER, Columns.ITEM, Columns.TIME) if r not in mapping),
        seen=tuple(f"{column.name!r}: {column.describe()}" for column in columns),
    )


def _profiles(connection: duckdb.DuckDBPyConnection, table: Relation) -> list[ColumnProfile]:
    cast = Cast(Clock(), TimeFormat())
    texts = ", ".join(cast.text(sql, table.types[name]) for name, sql in table.columns.items())
    rows = connection.execute(f"SELECT {texts} FROM {table.sql} LIMIT {SAMPLE}").fetchall()  # noqa: S608
    if not rows:
        message = f"{table.place}: there is a header but no row; there is nothing to look at"
        raise SourceError(message)
    return [profile(name, [row[i] for row in rows]) for i, name in enumerate(table.columns)]


def _events(
    connection: duckdb.DuckDBPyConnection, table: Relation, roles: Roles
) -> dict[str, float]:
    """Every event type of the whole file, the most frequent first, with a suggested strength."""
    column = roles.columns.get(Columns.EVENT)
    if column is None:
        return {}
    value = f"CAST({table.columns[column.name]} AS VARCHAR)"
    name = identifier("event")
    statement = (
        f"SELECT {value} AS {name}, count(*) AS n FROM {table.sql} "  # noqa: S608
        f"WHERE {value} IS NOT NULL GROUP BY {name} ORDER BY n DESC, {name}"
    )
    return {event: _strength(event) for event, _ in connection.execute(statement).fetchall()}


def _strength(event: str) -> float:
    words = re.split(r"[^a-z]+", event.lower())
    strengths = [STRENGTHS.get(word) or STRENGTHS.get(_stem(word), 0.0) for word in words]
    return max(strengths) or 1.0


def _stem(word: str) -> str:
    return re.sub(r"(s|ed|ing|d)$", "", word)


def _names(roles: Roles, layout: dict[str, Any]) -> dict[str, str]:
    """Made-up column names to better ones, for a file without a header."""
    if "header" not in layout:
        return {}
    return {column.name: SHORT[role] for role, column in roles.columns.items()}


def _slug(path: Path) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-")
    return stem[:60].strip("-") or "log"


def _ends(roles: Roles) -> bool:
    return Columns.ENDS_AT in roles.columns or Columns.DURATION in roles.columns


def _meaning(roles: Roles, events: dict[str, float]) -> dict[str, Any]:
    """Everything in the section besides the file and its columns."""
    meaning: dict[str, Any] = {}
    time = roles.columns.get(Columns.TIME)
    if time is not None and time.time not in {None, "iso"}:
        meaning["time"] = {"unit": time.time}
    if Columns.ENDS_AT not in roles.columns and Columns.DURATION in roles.columns:
        meaning["ends_after"] = "duration"
    if events:
        meaning["events"] = events
    return meaning


def _sentences(roles: Roles, columns: list[ColumnProfile], mapping: dict[str, str]) -> list[str]:
    said = [f"{role}: column {mapping[role]!r}, since {roles.reasons[role]}" for role in mapping]
    unused = [f"{column.name!r} ({column.describe()})" for column in roles.free(columns)]
    if unused:
        said.append(f"not used: {', '.join(unused)}")
    return said


def _questions(roles: Roles, events: dict[str, float]) -> list[str]:
    asked = []
    missing = [
        role for role in (Columns.USER, Columns.ITEM, Columns.TIME) if role not in roles.columns
    ]
    if missing:
        asked.append(f"is this a log? There is no column for {', '.join(missing)}")
    if roles.steps and not _ends(roles):
        asked.append(
            "how many steps does an interaction last? With ends_after and windows: interactions "
            "an item is available only while somebody uses it"
        )
    if roles.steps:
        asked.append(f"clock.step_seconds: {STEP_SECONDS:g} is assumed; how long is one step?")
    time = roles.columns.get(Columns.TIME)
    if time is not None and time.time == "iso":
        asked.append("times without a zone are read as UTC; else add time: {zone: …}")
    if events:
        asked.append("events: the strengths are suggestions; 0 leaves an event type out")
    if Columns.WEIGHT in roles.columns:
        asked.append("weight: larger must mean liked more; else remove it")
    if _ends(roles):
        asked.append("windows: is an item available only while somebody uses it? else: null")
    return asked
