"""The suites: Great Expectations' own JSON, with parameters that a run fills in.

``{"$PARAMETER": "latest"}`` is Great Expectations' notation; it is filled here, before the suite is
built, so that the filled value is what Data Docs show, and so that an expectation without a value
or without its column is left out by us, on the record, instead of failing.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onstage.errors import ConfigError


FOLDER: Final = Path(__file__).parent
SUITES: Final = ("interactions", "items", "windows", "relations", "batch")
COLUMNS: Final = ("column", "column_A", "column_B", "column_list")
"""Arguments that name columns."""

BY_USER: Final = frozenset(
    {
        "expect_column_to_exist",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_compound_columns_to_be_unique",
    }
)
"""Expectations that hold of a table if they hold of its parts, where these divide no user.

Columns that are unique together count among them, since the user is part of each such key.
"""

Expectation = dict[str, Any]
"""``{"type", "kwargs", "severity", "description", "meta": {"check", "scope", …}}``."""


@dataclass(frozen=True)
class Skipped:
    """An expectation that a run leaves out, and why."""

    table: str
    check: str
    why: str


@dataclass(frozen=True)
class Suite:
    """One table's expectations, ready to run."""

    name: str
    about: str
    expectations: tuple[Expectation, ...]
    skipped: tuple[Skipped, ...]


def read_suite(name: str) -> dict[str, Any]:
    """Read ``expectations/<name>.json`` as it is.

    Raises
    ------
    ConfigError
        If the file is missing or not a suite, or a check's name occurs twice.
    """
    path = FOLDER / f"{name}.json"
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        checks = [e["meta"]["check"] for e in raw["expectations"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path.name}: not a suite ({type(error).__name__}: {error}); see docs/validation"
        raise ConfigError(message) from error
    twice = {check for check in checks if checks.count(check) > 1}
    if twice:
        message = f"{path.name}: two expectations are called {min(twice)!r}; names stand once"
        raise ConfigError(message)
    return raw


def suite_for(
    name: str,
    columns: Collection[str],
    parameters: Mapping[str, Any],
    *,
    wrong: Collection[str] = (),
    empty: bool = False,
) -> Suite:
    """Fill a suite in for one table.

    Parameters
    ----------
    name
        One of :data:`SUITES`.
    columns
        Columns of the table.
    parameters
        Values for ``{"$PARAMETER": name}``; None leaves the expectation out. A parameter named by
        ``meta.for_each`` is a list: the expectation is made once for each of its values.
    wrong
        Columns of the wrong type: only their ``table`` expectations are kept.
    empty
        The table has no rows: only ``has_…`` and ``not_empty`` are kept.

    Raises
    ------
    ConfigError
        If a suite uses a parameter that is not given.
    """
    raw = read_suite(name)
    kept: list[Expectation] = []
    skipped: list[Skipped] = []
    for expectation, values in _each(raw["expectations"], parameters):
        check = str(expectation["meta"]["check"])
        filled = {
            key: _value(v, values, f"{name}.json") for key, v in expectation["kwargs"].items()
        }
        why = _unwanted({**expectation, "kwargs": filled}, columns, wrong, empty=empty)
        if why:
            skipped.append(Skipped(name, check, why))
        else:
            known = {key: value for key, value in filled.items() if value is not None}
            kept.append({**expectation, "kwargs": known})
    return Suite(name, str(raw["meta"]["about"]), tuple(kept), tuple(skipped))


def judged_by_user(name: str) -> bool:
    """Whether the verdict of a suite on a table follows from those on parts that divide no user."""
    return all(
        e["type"] in BY_USER or (e["meta"]["check"], e["kwargs"]) == ("not_empty", {"min_value": 1})
        for e in read_suite(name)["expectations"]
    )


def used_columns(suite: Suite) -> list[str]:
    """Columns that a suite looks at, each once, in order."""
    return list(dict.fromkeys(c for e in suite.expectations for c in columns_of(e["kwargs"])))


def columns_of(kwargs: Mapping[str, Any]) -> list[str]:
    """Columns that an expectation's arguments name."""
    named = [kwargs[key] for key in COLUMNS if kwargs.get(key) is not None]
    return [c for value in named for c in (value if isinstance(value, list | tuple) else [value])]


def _each(
    expectations: list[Expectation], parameters: Mapping[str, Any]
) -> Iterator[tuple[Expectation, Mapping[str, Any]]]:
    for expectation in expectations:
        name = expectation["meta"].get("for_each")
        if name is None:
            yield expectation, parameters
            continue
        for value in parameters.get(name) or ():
            meta = {**expectation["meta"], "check": f"{expectation['meta']['check']}[{value}]"}
            yield {**expectation, "meta": meta}, {**parameters, name: value}


def _value(value: Any, parameters: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401  # JSON
    if not (isinstance(value, dict) and set(value) == {"$PARAMETER"}):
        return value
    name = value["$PARAMETER"]
    if name not in parameters:
        message = f"{where}: parameter {name!r} is unknown; known: {', '.join(sorted(parameters))}"
        raise ConfigError(message)
    return parameters[name]


def _unwanted(
    expectation: Expectation, columns: Collection[str], wrong: Collection[str], *, empty: bool
) -> str:
    """Why an expectation is left out; nothing if it is not."""
    check, kwargs = expectation["meta"]["check"], expectation["kwargs"]
    if check.startswith("has_"):
        return ""
    if any(key in kwargs and kwargs[key] is None for key in COLUMNS):
        return "a column of its key is absent"
    absent = [column for column in columns_of(kwargs) if column not in columns]
    if absent:
        return f"no column {absent[0]}"
    if empty:
        return "" if check == "not_empty" else "the table is empty"
    mistyped = [column for column in columns_of(kwargs) if column in wrong]
    if mistyped and expectation["meta"]["scope"] == "rows":
        return f"{mistyped[0]} has the wrong type"
    limits = [value for key, value in kwargs.items() if key not in COLUMNS]
    return "not configured" if limits and all(value is None for value in limits) else ""
