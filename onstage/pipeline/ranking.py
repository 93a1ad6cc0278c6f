"""The leaderboard: every recipe's averages on the same events, with intervals."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.errors import ConfigError
from onstage.evaluation.averaging import SEEDS, spread
from onstage.evaluation.slices import sliced
from onstage.evaluation.summary import summarise
from onstage.metrics.catalog import described
from onstage.pipeline.backtest import read_events, read_occasions, read_seeds
from onstage.pipeline.leaks import gather
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.slices import labels_of
from onstage.pipeline.workspace import Workspace, read_state, write_atomically


LEADERBOARD_VERSION = "4"
ROWS = "leaderboard.json"
OCCASIONS = "occasions.json"


def ranked(
    workspace: Workspace,
    backtests: Mapping[str, Reference],
    recipes: list[Recipe],
    slices: Reference | None = None,
) -> Reference:
    """Summarise the per-event tables of all recipes into leaderboard rows.

    With `slices` (:mod:`onstage.pipeline.slices`) there are also groups by the user's cluster,
    ``viewers:1`` and so on: the same events as in ``all``, each in one of them. Beside the rows
    stands what the leak lint found for each model (:func:`onstage.pipeline.leaks.read_leaks`).
    """
    config = workspace.config

    def build(folder: Path) -> Mapping[str, float | int | str]:
        began = time.perf_counter()
        rows, occasions = [], []
        for protocol in config.protocols:
            kinds = None if slices is None else labels_of(workspace, slices, protocol.name)
            for recipe in recipes:
                made = backtests[recipe.name]
                rows.append(_rows(workspace, made, recipe.name, protocol.name, kinds))
                part = read_occasions(workspace, made, protocol.name)
                if part is not None:
                    names = {Columns.MODEL: recipe.name, Columns.PROTOCOL: protocol.name}
                    occasions.append(part.assign(**names))
        seconds = time.perf_counter() - began
        table = pd.concat(rows, ignore_index=True)
        table[Columns.SPLIT] = table[Columns.PROTOCOL].map(
            {p.name: p.split for p in config.protocols}
        )
        (folder / ROWS).write_text(table.to_json(orient="records", indent=1, double_precision=15))
        found = pd.concat(occasions, ignore_index=True) if occasions else pd.DataFrame()
        (folder / OCCASIONS).write_text(found.to_json(orient="records", double_precision=15))
        gather(workspace, backtests, folder)
        best = leading(table, workspace)
        return {
            "models": len(recipes),
            "leader": str(best[Columns.MODEL]),
            "value": float(best[Columns.VALUE]),
            "evaluate_seconds": round(seconds, 3),
        }

    return workspace.step(
        "leaderboard",
        LEADERBOARD_VERSION,
        {**backtests, **({} if slices is None else {"slices": slices})},
        {
            "recipes": recipes,
            "protocols": config.protocols,
            "promotion": workspace.mlflow.promotion,
            "seed": config.seed,
        },
        build,
    )


def _rows(  # what of a model, and by which kinds of users
    workspace: Workspace, made: Reference, model: str, protocol: str, kinds: pd.Series | None
) -> pd.DataFrame:
    events = read_events(workspace, made, protocol)
    tables = [events] if kinds is None else [events, sliced(events, kinds)]
    rows = pd.concat(
        [summarise(table, model, protocol, seed=workspace.config.seed) for table in tables],
        ignore_index=True,
    )
    values = spread(read_seeds(workspace, made, protocol))
    merged = rows.merge(values, on=[Columns.GROUP, Columns.METRIC], how="left")
    return merged.assign(**{SEEDS: int(values[SEEDS].max())})  # those of kinds of users too


def primary_rows(table: pd.DataFrame, workspace: Workspace) -> pd.DataFrame:
    """The rows of the primary protocol, metric and group, best first.

    Raises
    ------
    ConfigError
        If the metric was not measured, is ``nan`` in every event of the group for all models, or
        is no metric of which more is better.
    """
    rules = workspace.mlflow.promotion
    chosen = table[
        (table[Columns.PROTOCOL] == workspace.config.primary.name)
        & (table[Columns.METRIC] == rules.metric)
        & (table[Columns.GROUP] == rules.group)
        & table[Columns.VALUE].notna()
    ]
    if chosen.empty:
        known = {c: sorted(table[c].unique()) for c in (Columns.METRIC, Columns.GROUP)}
        message = (
            f"promotion: metric {rules.metric!r} of group {rules.group!r} was not measured, or is "
            f"undefined in every event; there are {known}"
        )
        raise ConfigError(message)
    if described(rules.metric).better != "higher":
        message = (
            f"promotion: more of {rules.metric!r} is not better; choose a metric that is, e.g. "
            "ndcg_at_10 (`onstage metrics` says which)"
        )
        raise ConfigError(message)
    return chosen.sort_values(Columns.VALUE, ascending=False, kind="stable")


def leading(table: pd.DataFrame, workspace: Workspace) -> "pd.Series[Any]":
    """The leaderboard's first row on the primary metric."""
    return primary_rows(table, workspace).iloc[0]


def read_rows(workspace: Workspace, made: Reference) -> pd.DataFrame:
    """Read the leaderboard's rows."""
    return pd.DataFrame(json.loads(workspace.store.path(made, ROWS).read_text()))


def read_board_occasions(workspace: Workspace, made: Reference) -> pd.DataFrame:
    """Read every model's scores by occasions; empty without a live protocol."""
    return pd.DataFrame(json.loads(workspace.store.path(made, OCCASIONS).read_text()))


def publish(workspace: Workspace, made: Reference) -> None:
    """Make `made` the newest leaderboard, which ``onstage leaderboard`` prints."""
    write_atomically(workspace.folder / "leaderboard.ref.json", made.model_dump_json())


def newest(workspace: Workspace) -> pd.DataFrame:
    """Read the newest leaderboard.

    Raises
    ------
    ConfigError
        Before the first retrain.
    """
    return read_rows(workspace, newest_board(workspace))


def newest_board(workspace: Workspace) -> Reference:
    """The newest leaderboard's artefact.

    Raises
    ------
    ConfigError
        Before the first retrain.
    """
    made = read_state(workspace.folder / "leaderboard.ref.json", Reference)
    if made is None or workspace.store.find(made.step, made.key) is None:
        message = (
            f"{workspace.config.name}: no leaderboard here, or a damaged one; "
            "run `onstage retrain` to make it"
        )
        raise ConfigError(message)
    return made
