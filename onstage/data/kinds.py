"""Bring a table's columns to the few types that everything downstream computes with."""

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.contracts import kind_of
from onstage.data.clock import Clock


EXACT = 2.0**53
"""Floats beyond this no longer tell neighbouring integers apart."""

TIMES = frozenset({Columns.TIME, Columns.ENDS_AT, Columns.STARTS, Columns.ENDS})
IDS = frozenset({Columns.USER, Columns.ITEM, Columns.BROADCAST})
NUMBERS = frozenset({Columns.WEIGHT, Columns.DURATION})


def settled(table: pd.DataFrame, clock: Clock) -> tuple[pd.DataFrame, dict[str, str]]:
    """Convert columns whose values allow it, and name those whose values do not.

    Identifiers become int64 (Int64 where some are missing) or strings; times become UTC in
    microseconds, or int64 steps; weights and durations become numbers. Whole floats are what
    integers with gaps turn into when they are read, and become integers again unless they are too
    large to be told apart.

    Parameters
    ----------
    table
        Not modified.
    clock
        Which kind the times must be of.

    Returns
    -------
    table : pandas.DataFrame
        Columns of the wrong type are as they were.
    wrong : dict of str to str
        Column to what was found, e.g. ``{"timestamp": "str"}``.
    """
    made: dict[str, pd.Series] = {}
    wrong: dict[str, str] = {}
    for column in table.columns:
        found = _settle(str(column), table[column], clock)
        if found is None:
            wrong[str(column)] = str(table[column].dtype)
        elif found is not table[column]:
            made[str(column)] = found
    return (table.assign(**made) if made else table), wrong


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """Turn Int64 columns without a missing value into int64, as contracts ask for."""
    whole = {
        column: table[column].astype(np.int64)
        for column in table.columns
        if table[column].dtype == pd.Int64Dtype() and not table[column].isna().any()
    }
    return table.assign(**whole) if whole else table


def _settle(name: str, values: pd.Series, clock: Clock) -> pd.Series | None:
    if name in TIMES:
        return _as_time(values) if clock.kind == "utc" else _as_integer(values)
    if name in IDS:
        return _as_text(values) if kind_of(values) in "OTU" else _as_integer(values)
    if name in NUMBERS:
        return _as_number(values)
    return _as_text(values) if name == Columns.EVENT else values


def _as_time(values: pd.Series) -> pd.Series | None:
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return None
    if str(values.dtype) == "datetime64[us, UTC]":
        return values
    utc: pd.Series = values.dt.tz_convert("UTC").dt.as_unit("us")
    return utc


def _as_text(values: pd.Series) -> pd.Series | None:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if isinstance(values.dtype, pd.StringDtype):
        return values
    if values.dtype != object or not all(type(value) is str for value in values.dropna()):
        return None
    return values.astype("str")


def _as_integer(values: pd.Series) -> pd.Series | None:
    kind = kind_of(values)
    if kind == "i":
        return values if str(values.dtype).lower() == "int64" else values.astype("Int64")
    if kind == "u":
        small = bool((values.dropna() <= np.iinfo(np.int64).max).all())
        return values.astype("Int64") if small else None
    if kind != "f":
        return None
    present = values.dropna()
    whole = bool(((present % 1 == 0) & (present.abs() < EXACT)).all())
    return values.astype("Int64") if whole else None


def _as_number(values: pd.Series) -> pd.Series | None:
    if kind_of(values) not in "iuf":
        return None
    return values.astype(np.float64) if values.isna().any() else values
