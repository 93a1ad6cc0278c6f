"""What must be true of each row, as rules that name the reason why a row is set aside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.contracts import kind_of
from onstage.data.facts import ticks_outside, user_paces
from onstage.data.quality import Limits


Mask: TypeAlias = NDArray[np.bool_]

OUTSIDE: Final = "seconds_outside_window"
PEAK: Final = "user_peak_per_day"
SPREAD: Final = "user_gap_spread"
FACTS: Final = (OUTSIDE, PEAK, SPREAD)
"""Columns that :func:`facts` derives; they are checked like any other and never stored."""


@dataclass(frozen=True)
class Rule:
    """Rows of `table` that break it are set aside with `reason`."""

    table: str
    reason: str
    columns: tuple[str, ...]
    broken: Callable[[pd.DataFrame, Limits], Mask]
    """Mask of the rows that break the rule; a missing value breaks none but the null rules."""


def faults(name: str, table: pd.DataFrame, limits: Limits) -> dict[str, Mask]:
    """Rows that break a rule, by reason; only reasons that occur.

    Parameters
    ----------
    name
        ``interactions`` (with :func:`facts` joined on), ``items``, ``windows`` or ``relations``.
    table
        Columns of the right types. Rules that need an absent column are skipped. Not modified.
    limits
        See :class:`onstage.data.quality.Limits`.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_rows,)

    Notes
    -----
    Copies are looked for last and among the rows that break no other rule: a sound row is never
    set aside because an unsound copy of it came first.
    """
    found = {
        rule.reason: rule.broken(table, limits)
        for rule in RULES
        if rule.table == name and set(rule.columns) <= set(table.columns)
    }
    unsound = np.zeros(len(table), dtype=np.bool_)
    for mask in found.values():
        unsound |= mask
    key = key_of(name, table)
    if key:
        sound = np.flatnonzero(~unsound)
        copies = np.zeros(len(table), dtype=np.bool_)
        copies[sound] = table[key].iloc[sound].duplicated().to_numpy()
        found["duplicate"] = copies
    return {reason: mask for reason, mask in found.items() if mask.any()}


def key_of(name: str, table: pd.DataFrame) -> list[str]:
    """Columns that tell two rows of a table apart; empty where copies do no harm, or one is absent.

    Interactions: user, item and time, and event and broadcast where the table has them.
    """
    key = {
        "interactions": [Columns.USER, Columns.ITEM, Columns.TIME],
        "items": [Columns.ITEM],
        "relations": [Columns.USER, Columns.ITEM],
    }.get(name, [])
    if not set(key) <= set(table.columns):
        return []
    more = [Columns.EVENT, Columns.BROADCAST] if name == "interactions" else []
    return key + [column for column in more if column in table.columns]


def counts_of(relations: pd.DataFrame) -> list[str]:
    """Numeric columns of the relations table that are not identifiers."""
    ids = {Columns.USER, Columns.ITEM}
    return [c for c in relations.columns if c not in ids and kind_of(relations[c]) in "iuf"]


def facts(
    interactions: pd.DataFrame, windows: pd.DataFrame | None, limits: Limits
) -> dict[str, NDArray[np.float64]]:
    """Derive :data:`FACTS`, each of shape (n_rows,); those that need an absent column are left out.

    Rows without the values that a fact needs get ``nan``. Windows that are empty, reversed or
    incomplete open nothing.
    """
    has = set(interactions.columns)
    found: dict[str, NDArray[np.float64]] = {}
    if {Columns.USER, Columns.TIME} <= has:
        found |= _paces(interactions, limits)
    needed = {Columns.ITEM, Columns.STARTS, Columns.ENDS}
    if (
        windows is not None
        and needed <= set(windows.columns)
        and {Columns.ITEM, Columns.TIME} <= has
        and limits.config.window_tolerance_seconds is not None
    ):
        found[OUTSIDE] = _outside(interactions, windows, limits)
    return found


def _paces(interactions: pd.DataFrame, limits: Limits) -> dict[str, NDArray[np.float64]]:
    clock = limits.clock
    use = _complete(interactions, [Columns.USER, Columns.TIME])
    user = pd.factorize(interactions[Columns.USER][use])[0]
    time = clock.ticks(interactions[Columns.TIME][use])
    min_rows = limits.config.rhythm_min_interactions
    peak, spread = user_paces(user, time, clock.span(days=1), min_rows)
    return {PEAK: _placed(use, peak), SPREAD: _placed(use, spread)}


def _outside(
    interactions: pd.DataFrame, windows: pd.DataFrame, limits: Limits
) -> NDArray[np.float64]:
    clock = limits.clock
    whole = windows[_complete(windows, [Columns.ITEM, Columns.STARTS, Columns.ENDS])]
    opened = whole[(whole[Columns.ENDS] > whole[Columns.STARTS]).to_numpy()]
    spans = (
        opened[Columns.ITEM],
        clock.ticks(opened[Columns.STARTS]),
        clock.ticks(opened[Columns.ENDS]),
    )
    use = _complete(interactions, [Columns.ITEM, Columns.TIME])
    rows = interactions if use.all() else interactions[use]
    away = ticks_outside(rows[Columns.ITEM], clock.ticks(rows[Columns.TIME]), spans)
    return _placed(use, away * clock.seconds_per_tick)


def _complete(table: pd.DataFrame, columns: list[str]) -> Mask:
    whole = np.ones(len(table), dtype=np.bool_)
    for column in columns:
        whole &= table[column].notna().to_numpy()
    return whole


def _placed(use: Mask, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if use.all():
        return values
    whole = np.full(len(use), np.nan)
    whole[use] = values
    return whole


def _nothing(table: pd.DataFrame) -> Mask:
    return np.zeros(len(table), dtype=np.bool_)


def _plain(mask: pd.Series) -> Mask:
    """A comparison as a mask: what cannot be compared breaks nothing."""
    return mask.to_numpy(dtype=np.bool_, na_value=False)


def _missing(column: str) -> Callable[[pd.DataFrame, Limits], Mask]:
    return lambda table, _: table[column].isna().to_numpy()


def _too_early(column: str) -> Callable[[pd.DataFrame, Limits], Mask]:
    def broken(table: pd.DataFrame, limits: Limits) -> Mask:
        return _plain(table[column] < _instant(limits, limits.earliest))

    return broken


def _instant(limits: Limits, tick: int) -> int | pd.Timestamp:
    return tick if limits.clock.kind == "step" else pd.Timestamp(tick, unit="us", tz="UTC")


def _in_the_future(table: pd.DataFrame, limits: Limits) -> Mask:
    if limits.latest is None:
        return _nothing(table)
    return _plain(table[Columns.TIME] > _instant(limits, limits.latest))


def _not_after(start: str, end: str) -> Callable[[pd.DataFrame, Limits], Mask]:
    return lambda table, _: _plain(table[end] <= table[start])


def _bad_duration(table: pd.DataFrame, limits: Limits) -> Mask:
    seconds = table[Columns.DURATION]
    return _plain((seconds <= 0) | (seconds > limits.config.max_duration_seconds))


def _bad_weight(table: pd.DataFrame, _: Limits) -> Mask:
    weight = table[Columns.WEIGHT]
    return _plain((weight <= 0) | (weight > np.finfo(np.float32).max))


def _unknown_event(table: pd.DataFrame, limits: Limits) -> Mask:
    if limits.config.events is None:
        return _nothing(table)
    events = table[Columns.EVENT]
    return (events.notna() & ~events.isin(limits.config.events)).to_numpy()


def _outside_window(table: pd.DataFrame, limits: Limits) -> Mask:
    tolerance = limits.config.window_tolerance_seconds
    return _nothing(table) if tolerance is None else _plain(table[OUTSIDE] > tolerance)


def _robot_pace(table: pd.DataFrame, limits: Limits) -> Mask:
    return _plain(table[PEAK] > limits.config.max_daily_interactions)


def _robot_rhythm(table: pd.DataFrame, limits: Limits) -> Mask:
    return _plain(table[SPREAD] < limits.config.min_gap_spread)


def _negative_count(table: pd.DataFrame, _: Limits) -> Mask:
    broken = _nothing(table)
    for column in counts_of(table):
        broken |= _plain(table[column] < 0)
    return broken


_I, _W, _R = "interactions", "windows", "relations"
_SPAN = (Columns.STARTS, Columns.ENDS)

RULES: Final = (
    Rule(_I, "null_user", (Columns.USER,), _missing(Columns.USER)),
    Rule(_I, "null_item", (Columns.ITEM,), _missing(Columns.ITEM)),
    Rule(_I, "null_time", (Columns.TIME,), _missing(Columns.TIME)),
    Rule(_I, "null_end", (Columns.ENDS_AT,), _missing(Columns.ENDS_AT)),
    Rule(_I, "null_weight", (Columns.WEIGHT,), _missing(Columns.WEIGHT)),
    Rule(_I, "absurd_time", (Columns.TIME,), _too_early(Columns.TIME)),
    Rule(_I, "future_time", (Columns.TIME,), _in_the_future),
    Rule(
        _I,
        "ends_before_start",
        (Columns.TIME, Columns.ENDS_AT),
        _not_after(Columns.TIME, Columns.ENDS_AT),
    ),
    Rule(_I, "bad_duration", (Columns.DURATION,), _bad_duration),
    Rule(_I, "bad_weight", (Columns.WEIGHT,), _bad_weight),
    Rule(_I, "unknown_event", (Columns.EVENT,), _unknown_event),
    Rule(_I, "outside_window", (OUTSIDE,), _outside_window),
    Rule(_I, "robot_pace", (PEAK,), _robot_pace),
    Rule(_I, "robot_rhythm", (SPREAD,), _robot_rhythm),
    Rule("items", "null_item", (Columns.ITEM,), _missing(Columns.ITEM)),
    Rule(_W, "null_item", (Columns.ITEM,), _missing(Columns.ITEM)),
    Rule(_W, "null_start", (Columns.STARTS,), _missing(Columns.STARTS)),
    Rule(_W, "null_end", (Columns.ENDS,), _missing(Columns.ENDS)),
    Rule(_W, "absurd_time", (Columns.STARTS,), _too_early(Columns.STARTS)),
    Rule(_W, "ends_before_start", _SPAN, _not_after(*_SPAN)),
    Rule(_R, "null_user", (Columns.USER,), _missing(Columns.USER)),
    Rule(_R, "null_item", (Columns.ITEM,), _missing(Columns.ITEM)),
    Rule(_R, "negative_count", (), _negative_count),
)
"""Every rule about one row by itself. Copies (``duplicate``) are found by :func:`faults`."""
