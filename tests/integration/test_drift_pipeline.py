"""Drift as steps: an artefact of the input, a memory of results, a champion or none yet."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.monitoring.drift import Drift
from onstage.pipeline.backtest import backtested
from onstage.pipeline.drift import TAG, answered, arrived, drift_of, record_drift
from onstage.pipeline.outcome import Outcome, Verdict, remember
from onstage.pipeline.promoting import champions_recipe, registry_of
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.runs import tracked, tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.registry.proposals import Proposal
from tests.integration.accepting import accepted, hourly
from tests.unit.test_drift import platform


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    protocol = {"kind": "live", "part_steps": 24, "part_step_seconds": 3600}
    return hourly(tmp_path, monkeypatch, protocols=[protocol])


def crown(space: Workspace) -> None:
    registry = registry_of(space)
    run = registry._client.create_run(registry._client.create_experiment("x")).info.run_id
    folder = space.settings.home / "model"
    (folder / "artifacts" / "bundle").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: onstage}}\n")
    (folder / "artifacts" / "bundle" / "weights").write_text("1")
    recipe = space.config.models["memory"].model_dump(mode="json")
    version = registry.register(
        space.registered_model, run, Proposal("memory", recipe, "monday", folder)
    ).version
    registry.promote(space.registered_model, version)


def look(space: Workspace, log: Reference) -> Drift:
    recipes = [Recipe(name=n, config=c, origin="fixed") for n, c in space.config.models.items()]
    tables = {one.name: backtested(space, log, one) for one in recipes}
    return drift_of(space, log, tables, recipes)


def night(space: Workspace, table: pd.DataFrame, day: int) -> Reference:
    return accepted(space, table[table[Columns.TIME] < day * 24], f"day {day}")


def test_before_the_first_champion_only_the_input_is_looked_at(space: Workspace) -> None:
    found = look(space, night(space, platform(), 28))
    assert found.champion is None
    assert champions_recipe(space) == []
    assert not found.drifted


def test_what_a_recipe_reached_before_it_was_champion_is_its_past_too(space: Workspace) -> None:
    table = platform()
    for day in (26, 27):
        look(space, night(space, table, day))
    crown(space)
    found = look(space, night(space, table, 28))
    assert found.champion is not None
    assert found.champion.results == 2
    assert not found.champion.drifted
    again = look(space, night(space, table, 28))
    assert again == found  # asking again is the same question


def test_other_tastes_are_a_drift_of_the_input_and_of_the_champion(space: Workspace) -> None:
    table = platform()
    crown(space)
    for day in (27, 28, 29):
        look(space, night(space, table, day))
    new = table[Columns.TIME] >= 29 * 24
    table.loc[new, Columns.ITEM] = np.random.default_rng(0).integers(100, 140, new.sum())
    log = night(space, table, 30)
    found = look(space, log)
    assert {"item", "repeat_share"} <= {one.name for one in found.arriving.drifted}
    assert found.champion is not None
    assert found.champion.drifted, found.champion.sentence
    with tracked(space, "drift") as run:
        record_drift(space, found, run)
    logged = tracker_of(space).get(run)
    assert logged.tags[TAG] == found.sentence
    assert logged.metrics["drift/champion_change"] == pytest.approx(found.champion.change)
    made = arrived(space, log)
    assert made.reused
    assert json.loads(space.store.path(made, "drift.json").read_text())["rows"] > 0


def test_what_the_newest_retrain_saw_is_answered_and_newer_rows_are_not(space: Workspace) -> None:
    table = platform()
    monday, tuesday = night(space, table, 27), night(space, table, 28)
    assert not answered(space, monday)  # nobody has retrained
    verdict = Verdict(
        verdict="kept", sentence="kept", reasons=(), leader="memory", challenger=None,
        champion=None, bundle=None,
    )  # fmt: skip
    outcome = Outcome(
        run="1", log=monday, sweeps={}, backtests={}, board=monday, decision=verdict,
        clusters=monday, recommendations=monday,
    )  # fmt: skip
    remember(space, outcome)
    assert answered(space, monday)
    assert not answered(space, tuesday)


def test_a_damaged_memory_of_results_costs_the_past_and_nothing_else(space: Workspace) -> None:
    table = platform()
    look(space, night(space, table, 27))
    (space.folder / "results.json").write_text("{not json")
    crown(space)
    found = look(space, night(space, table, 28))
    assert found.champion is not None
    assert found.champion.results == 0
