"""All models of the newest retrain against all, from the per-event tables it kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from onstage.data.store import Reference
from onstage.errors import ConfigError
from onstage.evaluation.evaluate import EventTable
from onstage.evaluation.pairwise import compare_all
from onstage.pipeline.backtest import read_events
from onstage.pipeline.outcome import recall
from onstage.pipeline.workspace import Workspace


DAY = 86_400.0
RESAMPLES = 10_000


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what came of it."""

    protocol: str
    metric: str
    group: str
    by: Literal["user", "day"]
    pairs: pd.DataFrame
    """As :func:`onstage.evaluation.pairwise.compare_all` gives them."""


def compared(
    workspace: Workspace,
    *,
    protocol: str | None = None,
    metric: str | None = None,
    group: str | None = None,
    by: Literal["user", "day"] = "user",
    margin: float | None = None,
) -> Comparison:
    """Compare every pair of the newest retrain's models; nothing is fitted or ranked again.

    Parameters
    ----------
    protocol, metric, group
        The primary ones by default.
    by
        What is resampled: users, or days of the log.
    margin
        Difference that `events_needed` is about; each pair's own by default.

    Raises
    ------
    ConfigError
        Before the first retrain, or if the protocol is not in the configuration.
    ContractError
        If the metric or the group was not measured, or all events lie in one day.
    """
    last, rules = recall(workspace), workspace.mlflow.promotion
    shown = protocol or workspace.config.primary.name
    known = [one.name for one in workspace.config.protocols]
    if shown not in known:
        message = f"protocol {shown!r} is not in the configuration; there are {known}"
        raise ConfigError(message)
    chosen, among = metric or rules.metric, group or rules.group
    block = _day(workspace) if by == "day" else None
    tables = read_all_events(workspace, last.backtests, shown)
    pairs = paired(workspace, tables, chosen, among, block=block, margin=margin)
    return Comparison(shown, chosen, among, by, pairs)


def read_all_events(
    workspace: Workspace, backtests: Mapping[str, Reference], protocol: str
) -> dict[str, EventTable]:
    """Every model's per-event table under one protocol, by name."""
    return {name: read_events(workspace, made, protocol) for name, made in backtests.items()}


def paired(  # which models, on what, and how
    workspace: Workspace,
    tables: Mapping[str, EventTable],
    metric: str,
    group: str,
    *,
    block: pd.Timedelta | int | None = None,
    margin: float | None = None,
) -> pd.DataFrame:
    """Compare every pair of some models' stored events, as sure as the settings ask.

    Parameters
    ----------
    block, margin
        As in :func:`onstage.evaluation.pairwise.compare_all`.

    Raises
    ------
    ContractError
        With fewer than two models, or without the metric or the group.
    """
    return compare_all(
        tables,
        metric,
        group,
        block=block,
        margin=margin,
        confidence=workspace.mlflow.promotion.confidence,
        resamples=RESAMPLES,
        seed=workspace.config.seed,
    )


def _day(workspace: Workspace) -> pd.Timedelta | int:
    clock = workspace.config.clock
    return pd.Timedelta(days=1) if clock.kind == "utc" else max(1, round(clock.span(seconds=DAY)))
