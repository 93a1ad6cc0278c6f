"""The report of a retrain: one page a person reads, filled from references."""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from onstage.columns import Columns
from onstage.errors import StoreError
from onstage.evaluation.occasions import BUCKET, HOUR, OCCASION
from onstage.pipeline.backtest import COSTS
from onstage.pipeline.clusters import read_all_clusters
from onstage.pipeline.exams import Log, accepted_log
from onstage.pipeline.outcome import Outcome, previous
from onstage.pipeline.ranking import primary_rows, read_board_occasions, read_rows
from onstage.pipeline.recommending import lists_path
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.slices import read_slices
from onstage.pipeline.sweeping import PLOTS, best_config
from onstage.pipeline.workspace import Workspace
from onstage.reporting.cluster_plots import PAGE
from onstage.reporting.page import render_report
from onstage.reporting.report import (
    DataSummary,
    PromotionSummary,
    Report,
    Sample,
    SweepSummary,
)


SAMPLES = 5
LINES = 4
RECENT = 5


def write_page(workspace: Workspace, outcome: Outcome) -> Path:
    """Render the report of `outcome` into the data set's folder and log it to its run.

    A retrain that found nothing new keeps the page that says so already.
    """
    last = previous(workspace)
    if last is not None and outcome.says_the_same_as(last):
        return Path(last.page)
    log = accepted_log(workspace, outcome.log)
    tracker = tracker_of(workspace)
    report = Report(
        title=f"{workspace.config.name}: retrain",
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        data=_data(workspace, outcome, log),
        leaderboard=read_rows(workspace, outcome.board),
        primary=workspace.mlflow.promotion.metric,
        sweeps=tuple(_sweeps(workspace, outcome)),
        promotion=_promotion(workspace, outcome),
        clusters=read_all_clusters(workspace, outcome.clusters),
        slices={} if outcome.slices is None else read_slices(workspace, outcome.slices),
        samples=tuple(_samples(workspace, outcome, log)),
        occasions=read_board_occasions(workspace, outcome.board),
        hours=_hours(workspace, outcome),
        costs=_costs(workspace, outcome),
        environment=_environment(workspace, outcome),
        links={
            "MLflow run": tracker.url(outcome.run) or outcome.run,
            "Clusters, interactive": workspace.store.path(outcome.clusters, PAGE)
            .resolve()
            .as_uri(),
            "Data Docs": (workspace.store.path(outcome.log, "data_docs/index.html"))
            .resolve()
            .as_uri(),
        },
        notes=_notes(workspace),
    )
    page = render_report(report, workspace.folder / "report.html")
    tracker.log_artifact(outcome.run, page)
    return page


def _hours(workspace: Workspace, outcome: Outcome) -> pd.DataFrame | None:
    """The best models' score by hour under the primary protocol; None where it has no hours."""
    occasions, metric = (
        read_board_occasions(workspace, outcome.board),
        workspace.mlflow.promotion.metric,
    )
    if occasions.empty:
        return None
    best = primary_rows(read_rows(workspace, outcome.board), workspace)[Columns.MODEL].head(LINES)
    chosen = occasions[
        (occasions[Columns.PROTOCOL] == workspace.config.primary.name)
        & (occasions[OCCASION] == HOUR)
        & (occasions[Columns.METRIC] == metric)
        & occasions[Columns.MODEL].isin(best)
    ]
    return None if chosen.empty else chosen.assign(hour=chosen[BUCKET].astype(int))


def _notes(workspace: Workspace) -> tuple[str, ...]:
    random = any(protocol.kind == "masked" for protocol in workspace.config.protocols)
    return ("protocol masked splits at random: its models see the future",) if random else ()


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
                plots=tuple(workspace.store.path(made, plot) for plot in PLOTS),
            )
        )
    return summaries


def _promotion(workspace: Workspace, outcome: Outcome) -> PromotionSummary:
    decision = outcome.decision
    gains = pd.DataFrame(
        [(o, g.mean, g.low, g.high, g.n_events) for o, g in decision.gains.items()],
        columns=["opponent", "value", "low", "high", "n"],
    )
    return PromotionSummary(
        promoted=decision.verdict != "kept",
        sentence=decision.sentence,
        reasons=decision.reasons,
        metric=workspace.mlflow.promotion.metric,
        gains=gains if len(gains) else None,  # a first model without baselines has none
    )


def _samples(workspace: Workspace, outcome: Outcome, log: Log) -> list[Sample]:
    """The most active users: what they had last, and what is recommended."""
    path = lists_path(workspace, outcome.recommendations)
    lists = (
        pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=_kinds(log))
    )
    dataset = log.dataset
    busiest = dataset.user_counts.argsort(kind="stable")[::-1][:SAMPLES]
    titles = _titles(log)
    samples = []
    for position in busiest:
        user = dataset.users[position]
        had = dataset.items[dataset.item[dataset.user == position][::-1]].unique()[:RECENT]
        mine = lists[lists[Columns.USER] == user].sort_values(Columns.RANK)
        samples.append(
            Sample(
                user=str(user),
                had=tuple(titles.get(item, str(item)) for item in had),
                recommended=tuple(titles.get(i, str(i)) for i in mine[Columns.ITEM]),
                note="popularity answered" if mine.get(Columns.FALLBACK, pd.Series()).any() else "",
            )
        )
    return samples


def _kinds(log: Log) -> dict[str, str]:
    """How identifiers are read back from a CSV: as what they are in the log."""
    ids = {Columns.USER: log.dataset.users, Columns.ITEM: log.dataset.items}
    return {name: "int64" if index.dtype.kind == "i" else "str" for name, index in ids.items()}


def _titles(log: Log) -> Mapping[Any, str]:
    if log.items is None or Columns.TITLE not in log.items:
        return {}
    return dict(zip(log.items[Columns.ITEM], log.items[Columns.TITLE].astype(str), strict=True))


def _costs(workspace: Workspace, outcome: Outcome) -> pd.DataFrame:
    rows = []
    for model, made in outcome.backtests.items():
        costs = json.loads(workspace.store.path(made, COSTS).read_text())
        fit = sum(cost["fit_seconds"] for cost in costs.values())
        evaluation = sum(cost["evaluate_seconds"] for cost in costs.values())
        rows.append((model, fit, evaluation))
    return pd.DataFrame(rows, columns=["model", "fit_seconds", "evaluation_seconds"])


def _environment(workspace: Workspace, outcome: Outcome) -> dict[str, str]:
    libraries = ("onstage", "numpy", "pandas", "scipy", "implicit", "optuna", "mlflow", "prefect")
    return {
        "MLflow run": outcome.run,
        "registered model": workspace.registered_model,
        "data digest": outcome.log.digest,
        "leaderboard digest": outcome.board.digest,
        **{library: version(library) for library in libraries},
    }


def copy_lists(workspace: Workspace, outcome: Outcome) -> Path:
    """Put the newest lists where people look, replacing the older ones in one step."""
    source = lists_path(workspace, outcome.recommendations)
    target = lists_place(workspace, outcome)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        message = f"{target}: {error.strerror}; free space or choose another ONSTAGE_HOME"
        raise StoreError(message) from error
    return target


def lists_place(workspace: Workspace, outcome: Outcome) -> Path:
    """Where people find the newest lists."""
    return workspace.folder / lists_path(workspace, outcome.recommendations).name
