"""The report of a retrain: one page a person reads, filled from references."""

import json
import logging
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.errors import ContractError
from onstage.evaluation.occasions import BUCKET, HOUR, OCCASION
from onstage.evaluation.slices import is_slice
from onstage.files import replacing
from onstage.pipeline.backtest import SERVING, read_costs, read_curve
from onstage.pipeline.clusters import read_all_clusters
from onstage.pipeline.comparing import paired, read_all_events
from onstage.pipeline.examples import samples, samples_note
from onstage.pipeline.exams import Log, accepted_log
from onstage.pipeline.outcome import Outcome, previous
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.provenance import about, environment, notes, provenance
from onstage.pipeline.ranking import primary_rows, read_board_occasions, read_rows
from onstage.pipeline.recipes import recipe_of
from onstage.pipeline.recommending import lists_path
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.slices import read_slices
from onstage.pipeline.sweeping import best_config, best_found
from onstage.pipeline.workspace import Workspace
from onstage.reporting.cluster_plots import PAGE
from onstage.reporting.page import render_report
from onstage.reporting.report import (
    DataSummary,
    PromotionSummary,
    Report,
    SweepSummary,
)
from onstage.tuning.result import TRIALS


logger = logging.getLogger(__name__)

LINES = 4
"""Models whose score by hour is drawn."""

Pairs: TypeAlias = dict[tuple[str, str], pd.DataFrame]
"""Protocol and group to what :func:`onstage.pipeline.comparing.paired` gives."""


def write_page(workspace: Workspace, outcome: Outcome) -> Path:
    """Render the report of `outcome` into the data set's folder and log it to its run.

    A retrain that found nothing new keeps the page that says so already.
    """
    last = previous(workspace)
    if last is not None and outcome.says_the_same_as(last):
        return Path(last.page)
    log = accepted_log(workspace, outcome.log)
    tracker, rules = tracker_of(workspace), workspace.mlflow.promotion
    rows = read_rows(workspace, outcome.board)
    occasions = read_board_occasions(workspace, outcome.board)
    report = Report(
        title=f"{workspace.config.name}: retrain",
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        data=_data(workspace, outcome, log),
        leaderboard=rows,
        primary=rules.metric,
        group=rules.group,
        pairs=_pairs(workspace, outcome, rows),
        confidence=rules.confidence,
        protocols=about(workspace.config),
        curves=_curves(workspace, outcome),
        sweeps=tuple(_sweeps(workspace, outcome)),
        promotion=_promotion(workspace, outcome),
        drift=outcome.drift,
        clusters=read_all_clusters(workspace, outcome.clusters),
        slices={} if outcome.slices is None else read_slices(workspace, outcome.slices),
        samples=samples(workspace, outcome, log),
        samples_note=samples_note(workspace, outcome, log),
        occasions=occasions,
        hours=_hours(workspace, rows, occasions),
        costs=_costs(workspace, outcome),
        provenance=provenance(workspace, outcome),
        environment=environment(),
        links={
            "MLflow run": tracker.url(outcome.run) or outcome.run,
            "Clusters, interactive": workspace.store.path(outcome.clusters, PAGE)
            .resolve()
            .as_uri(),
            "Data Docs": (workspace.store.path(outcome.log, "data_docs/index.html"))
            .resolve()
            .as_uri(),
        },
        notes=notes(workspace.config),
    )
    page = render_report(report, workspace.folder / "report.html")
    tracker.log_artifact(outcome.run, page)
    return page


def _hours(
    workspace: Workspace, rows: pd.DataFrame, occasions: pd.DataFrame
) -> pd.DataFrame | None:
    """The best models' score by hour under the primary protocol; None where it has no hours."""
    if occasions.empty:
        return None
    metric = workspace.mlflow.promotion.metric
    best = primary_rows(rows, workspace)[Columns.MODEL].head(LINES)
    chosen = occasions[
        (occasions[Columns.PROTOCOL] == workspace.config.primary.name)
        & (occasions[OCCASION] == HOUR)
        & (occasions[Columns.METRIC] == metric)
        & occasions[Columns.MODEL].isin(best)
    ]
    return None if chosen.empty else chosen.assign(hour=chosen[BUCKET].astype(int))


def _data(workspace: Workspace, outcome: Outcome, log: Log) -> DataSummary:
    found = json.loads(workspace.store.path(outcome.log, "validation.json").read_text())
    dataset = log.dataset
    aside = {
        f"{table}: {reason}": rows
        for table, reasons in found["quarantined"].items()
        for reason, rows in reasons.items()
    }
    return DataSummary(
        name=workspace.config.name,
        rows=len(dataset),
        users=int((dataset.user_counts > 0).sum()),
        items=int((dataset.item_counts > 0).sum()),
        starts=dataset.clock.render(int(dataset.time[0])),
        ends=dataset.clock.render(int(dataset.time[-1])),
        quarantined=aside,
        accepted=bool(found["passed"]),
        checks=int(found["checks"]),
        failed=tuple(f"{check['table']}: {check['description']}" for check in found["failed"]),
    )


def _sweeps(workspace: Workspace, outcome: Outcome) -> list[SweepSummary]:
    summaries = []
    for algorithm, made in outcome.sweeps.items():
        counts = made.counts
        summaries.append(
            SweepSummary(
                algorithm=algorithm,
                trials=int(counts["trials"]),
                pruned=int(counts["pruned"]),
                failed=int(counts["failed"]),
                value=float(counts["value"]),
                metric=workspace.mlflow.promotion.metric,
                config=best_config(workspace, made).model_dump(mode="json"),
                seconds=float(counts["seconds"]),
                history=_trials(workspace, made),
                importance=best_found(workspace, made).get("importance", {}),
            )
        )
    return summaries


def _trials(workspace: Workspace, made: Reference) -> pd.DataFrame | None:
    """Every trial of a study; None where the table cannot be read."""
    path = workspace.store.path(made, TRIALS)
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        logger.warning("%s is left out of the report: %s", path, error)
        return None


def _promotion(workspace: Workspace, outcome: Outcome) -> PromotionSummary:
    decision = outcome.decision
    gains = pd.DataFrame(
        [(o, g.mean, g.low, g.high, g.n_events) for o, g in decision.gains.items()],
        columns=["opponent", "value", "low", "high", "n"],
    )
    kept = decision.verdict == "kept"
    forward = next((c.challenger for c in decision.conditions if c.challenger), decision.leader)
    return PromotionSummary(
        promoted=not kept,
        sentence=decision.sentence,
        reasons=decision.reasons,
        metric=workspace.mlflow.promotion.metric,
        gains=gains if len(gains) else None,  # a first model without baselines has none
        verdict=decision.verdict,
        model=forward,
        version=(decision.challenger if kept else decision.champion) or "",
        champion=_champion(workspace, outcome),
        champion_version=decision.champion or "",
        conditions=decision.conditions,
    )


def _champion(workspace: Workspace, outcome: Outcome) -> str:
    """Name of the champion on this leaderboard; empty where it is not on it."""
    holder = registry_of(workspace).champion(workspace.registered_model)
    if holder is None or not outcome.recipes:
        return ""
    recipe = recipe_of(holder)
    return next((one.name for one in outcome.recipes if one.config == recipe), "")


def _costs(workspace: Workspace, outcome: Outcome) -> pd.DataFrame:
    """What each model's backtest took, one fit; ``nan`` where an older one did not measure it."""
    primary = workspace.config.primary.name
    rows = []
    for model, made in outcome.backtests.items():
        seeds = int(made.counts.get("seeds", 1))
        own = read_costs(workspace, made).get(primary, {})
        asked = own.get("events") or math.nan
        rows.append(
            {
                "model": model,
                "fit_seconds": own.get("fit_seconds", math.nan) / seeds,
                "evaluation_seconds": own.get("evaluate_seconds", math.nan) / seeds,
                "event_ms": 1000 * own.get("evaluate_seconds", math.nan) / asked,
                **{name: float(own.get(name, math.nan)) for name in SERVING},
            }
        )
    return pd.DataFrame(rows)


def _pairs(workspace: Workspace, outcome: Outcome, rows: pd.DataFrame) -> Pairs:
    """Every pair of models in every group but kinds of viewers; left out where none can be made."""
    if len(outcome.backtests) < 2:  # noqa: PLR2004  # a pair
        return {}
    metric = workspace.mlflow.promotion.metric
    found = {}
    for protocol, part in rows.groupby(Columns.PROTOCOL, sort=False):
        tables = read_all_events(workspace, outcome.backtests, str(protocol))
        for group in part[Columns.GROUP].unique():
            if is_slice(group):
                continue
            try:
                found[str(protocol), group] = paired(workspace, tables, metric, group)
            except ContractError as error:
                logger.warning("%s, %s: no letters (%s)", protocol, group, error)
    return found


def _curves(workspace: Workspace, outcome: Outcome) -> dict[str, dict[str, dict[int, float]]]:
    found = {name: read_curve(workspace, made) for name, made in outcome.backtests.items()}
    return {name: curve for name, curve in found.items() if curve}


def copy_lists(workspace: Workspace, outcome: Outcome) -> Path:
    """Put the newest lists where people look, replacing the older ones in one step."""
    source = lists_path(workspace, outcome.recommendations)
    target = lists_place(workspace, outcome)
    with replacing(target, "free space or choose another ONSTAGE_HOME") as draft:
        shutil.copyfile(source, draft)
    return target


def lists_place(workspace: Workspace, outcome: Outcome) -> Path:
    """Where people find the newest lists."""
    return workspace.folder / lists_path(workspace, outcome.recommendations).name
