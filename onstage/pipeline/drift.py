"""Drift as a part of a retrain: of what arrives, and of what the champion reaches."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from onstage.columns import Columns
from onstage.data.store import Reference, digest_json
from onstage.evaluation.evaluate import KEYS
from onstage.evaluation.summary import summarise
from onstage.monitoring.arriving import Arriving, arriving
from onstage.monitoring.drift import Drift
from onstage.monitoring.standing import Result, Standing, standing
from onstage.pipeline.backtest import read_events
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.outcome import previous
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.recipes import Recipe, recipe_of
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Counts, Workspace, read_state, write_atomically


DRIFT_VERSION: Final = "1"
FOUND: Final = "drift.json"
TAG: Final = "onstage.drift"
"""Tag of a run: what is said about drift, in one line."""
KEPT: Final = 500
"""Results that are remembered, the newest."""


class _Results(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    results: tuple[Result, ...] = ()


def arrived(workspace: Workspace, validated: Reference) -> Reference:
    """Look at the newest period of the accepted log (:func:`onstage.monitoring.arriving`)."""
    config = workspace.config.drift

    def build(folder: Path) -> Counts:
        log = accepted_log(workspace, validated)
        found = arriving(log.dataset, log.availability, config)
        (folder / FOUND).write_text(found.model_dump_json(indent=1), encoding="utf-8")
        return {"statistics": len(found.findings), "drifted": len(found.drifted)}

    asked = config.model_dump(mode="json", exclude={"champion"})
    return workspace.step(
        "drift",
        DRIFT_VERSION,
        {"log": validated},
        {"drift": asked, "clock": workspace.config.clock},
        build,
    )


def drift_of(
    workspace: Workspace,
    validated: Reference,
    backtests: Mapping[str, Reference],
    recipes: Sequence[Recipe],
) -> Drift:
    """Say what has changed, and remember what every recipe reached: it is the next one's past.

    Parameters
    ----------
    backtests, recipes
        What was examined on this log, the champion's recipe among it if there is a champion.

    Raises
    ------
    ConfigError
        If the champion's recipe cannot be read.
    """
    found = workspace.store.path(arrived(workspace, validated), FOUND)
    known = _remembered(workspace)
    asked = {one.name: _result(workspace, validated, one, backtests[one.name]) for one in recipes}
    results = {name: one for name, one in asked.items() if one is not None}
    made = Drift(
        arriving=Arriving.model_validate_json(found.read_bytes()),
        champion=_champion(workspace, results, recipes, known),
    )
    _remember(workspace, known, results.values())
    return made


def answered(workspace: Workspace, validated: Reference) -> bool:
    """Whether the newest retrain was of this very log: what drifted in it has been answered."""
    last = previous(workspace)
    return last is not None and last.log.digest == validated.digest


def record_drift(workspace: Workspace, drift: Drift, run: str) -> None:
    """Log every distance, and the champion's change, to a run."""
    metrics = {
        f"drift/{one.name}_{one.measure}": one.distance
        for one in drift.arriving.findings
        if one.distance is not None
    }
    if drift.champion is not None and drift.champion.change is not None:
        metrics["drift/champion_change"] = drift.champion.change
    metrics["drift/reasons"] = float(len(drift.reasons))
    tracker_of(workspace).log(run, metrics=metrics, tags={TAG: drift.sentence[:4000]})


def _champion(
    workspace: Workspace,
    results: Mapping[str, Result],
    recipes: Sequence[Recipe],
    known: Sequence[Result],
) -> Standing | None:
    champion = registry_of(workspace).champion(workspace.registered_model)
    if champion is None:
        return None
    config = recipe_of(champion)
    now = next((results.get(one.name) for one in recipes if one.config == config), None)
    if now is None:  # crowned while the others were examined, or without a value
        return None
    return standing(
        now,
        known,
        workspace.config.drift.champion,
        model=champion.model,
        version=champion.version,
        metric=workspace.mlflow.promotion.metric,
    )


def _result(workspace: Workspace, log: Reference, recipe: Recipe, made: Reference) -> Result | None:
    """What a recipe reached; None where the primary metric is undefined in all its events."""
    rules, primary = workspace.mlflow.promotion, workspace.config.primary
    events = read_events(workspace, made, primary.name)
    narrow = events.loc[events[Columns.GROUP] == rules.group]
    if rules.metric not in narrow or not narrow[rules.metric].notna().any():
        return None
    narrow = narrow[[name for name in narrow.columns if name in KEYS or name == rules.metric]]
    rows = summarise(narrow, recipe.name, primary.name, seed=workspace.config.seed)
    row = rows[rows[Columns.METRIC] == rules.metric].to_dict("records")[0]
    return Result(
        recipe=digest_json(recipe.config),
        asked=digest_json({"protocol": primary, "metric": rules.metric, "group": rules.group}),
        until=int(accepted_log(workspace, log).dataset.time[-1]),
        value=float(row[Columns.VALUE]),
        low=float(row[Columns.LOW]),
        high=float(row[Columns.HIGH]),
        events=int(row["n"]),
    )


def _state(workspace: Workspace) -> Path:
    return workspace.folder / "results.json"


def _remembered(workspace: Workspace) -> tuple[Result, ...]:
    state = read_state(_state(workspace), _Results)
    return () if state is None else state.results


def _remember(workspace: Workspace, known: Sequence[Result], new: Iterable[Result]) -> None:
    """Add results; one of the same recipe, question and instant replaces the older."""
    found = {(one.recipe, one.asked, one.until): one for one in (*known, *new)}
    newest = sorted(found.values(), key=lambda one: one.until)[-KEPT:]
    write_atomically(_state(workspace), _Results(results=tuple(newest)).model_dump_json(indent=1))
