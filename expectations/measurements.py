"""A batch as one row of measurements, which the ``batch`` suite holds against its tolerances."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from expectations.engine import Outcome
from expectations.quarantine import Sorting
from expectations.suites import Skipped
from onstage.columns import Columns
from onstage.contracts import kind_of
from onstage.data.profile import Changes
from onstage.data.quality import Limits
from onstage.data.rules import counts_of, key_of


REASONS_TOLD = 3


def measure(sortings: Mapping[str, Sorting], changed: Changes | None) -> pd.DataFrame:
    """Shares of rows set aside per table, and the changes since the last accepted batch.

    Returns
    -------
    pandas.DataFrame, shape (1, n_measurements)
        Only what can be measured: changes need an accepted batch before this one.
    """
    measured: dict[str, float] = {}
    for name, sorting in sortings.items():
        rows = max(sorting.rows, 1)
        copies = sorting.counts.get("duplicate", 0) if name == "interactions" else 0
        measured[f"{name}_quarantined"] = (len(sorting.aside) - copies) / rows
        if name == "interactions":
            measured["interactions_duplicates"] = copies / rows
    if changed is not None:
        measured |= {key: float(value) for key, value in changed.model_dump().items()}
    return pd.DataFrame({key: [value] for key, value in measured.items()})


def batch_parameters(limits: Limits) -> dict[str, Any]:
    """Values for the ``batch`` suite."""
    config = limits.config
    bounds = {
        f"{name}_{side}": getattr(getattr(config, name), side)
        for name in ("total_rows", "daily_rows", "daily_users", "rows_per_user")
        for side in ("low", "high")
    }
    return {
        "max_quarantined": config.max_quarantined,
        "max_duplicates": config.max_duplicates,
        "max_days_older": config.max_days_older,
        "max_lost_columns": None if config.allow_lost_columns else 0,
        **bounds,
    }


def table_parameters(
    name: str, table: pd.DataFrame, interactions: pd.DataFrame, limits: Limits
) -> dict[str, Any]:
    """Values for one table's suite. Identifiers must be of the kind the interactions have.

    Of the interactions only the types of their columns matter.
    """
    config, clock = limits.config, limits.clock
    rendered = {
        side: tick if tick is None or clock.kind == "step" else clock.render(tick)
        for side, tick in (("earliest", limits.earliest), ("latest", limits.latest))
    }
    return {
        "user_type": _type_of(interactions, Columns.USER),
        "item_type": _type_of(interactions, Columns.ITEM),
        "time_type": "int64" if clock.kind == "step" else "Timestamp",
        "event_type": "str",
        "key": key_of(name, table) or None,
        "count": counts_of(table) if name == "relations" else [],
        "max_weight": float(np.finfo(np.float32).max),
        "max_duration_seconds": config.max_duration_seconds,
        "events": None if config.events is None else list(config.events),
        "window_tolerance_seconds": config.window_tolerance_seconds,
        "max_daily_interactions": config.max_daily_interactions,
        "min_gap_spread": config.min_gap_spread,
        **rendered,
    }


def tell(outcome: Outcome, measured: pd.DataFrame, sortings: Mapping[str, Sorting]) -> Outcome:
    """Say in words what a failed check of the ``batch`` suite saw."""
    if outcome.success or not outcome.columns:
        return outcome
    column = outcome.columns[0]
    value = float(measured[column].iloc[0])
    table = column.removesuffix("_quarantined").removesuffix("_duplicates")
    if table not in sortings or table == column:
        return replace(outcome, observed=f"{value:.3g}, allowed {outcome.allowed}")
    sorting = sortings[table]
    reasons = sorted(sorting.counts.items(), key=lambda pair: -pair[1])
    told = ", ".join(f"{reason} {count}" for reason, count in reasons[:REASONS_TOLD])
    seen = f"{value:.1%} of {sorting.rows} rows ({told}), allowed {outcome.allowed}"
    return replace(outcome, observed=seen)


def explained(skipped: Skipped) -> Skipped:
    """Say why a check of the ``batch`` suite was left out."""
    if not skipped.why.startswith("no column"):
        return skipped
    changed = skipped.check in Changes.model_fields
    return replace(skipped, why="nothing to compare with" if changed else "no such table")


def _type_of(table: pd.DataFrame, column: str) -> str | None:
    if column not in table:
        return None
    return "int64" if kind_of(table[column]) in "iu" else "str"
