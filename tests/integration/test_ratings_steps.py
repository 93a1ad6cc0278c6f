"""Ratings models as steps, in a real store and a real MLflow, without Prefect."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from onstage.columns import Columns
from onstage.config import PipelineConfig
from onstage.data.store import Reference
from onstage.data.tables import write_table
from onstage.errors import ConfigError, ContractError, SplitError
from onstage.pipeline.ratings import comparing
from onstage.pipeline.ratings.checking import checked, read_check, record_check
from onstage.pipeline.ratings.comparing import compared, table
from onstage.pipeline.ratings.estimating import estimated, learned, publish
from onstage.pipeline.ratings.recording import record
from onstage.pipeline.ratings.sweeping import best_of, swept_ratings
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.reporting.ratings import comparison_text
from onstage.settings import MlflowSettings, Settings


pytestmark = pytest.mark.integration

RATINGS = {
    "target": "log_duration",
    "folds": 3,
    "models": {
        "svd": {"algorithm": "svd", "n_factors": 4, "n_epochs": 5},
        "baseline": {"algorithm": "baseline_only"},
        "neighbours": {"algorithm": "knn_means", "max_compared": 5},
    },
    "sweep": {"trials": 5, "space": {"n_factors": {"low": 2, "high": 6, "step": 2}}},
}


def workspace(home: Path, ratings: Mapping[str, Any]) -> Workspace:
    config = PipelineConfig.model_validate(
        {
            "name": "ratings",
            "data": {
                "interactions": {
                    "path": "unread.csv",
                    "columns": {n: n for n in (Columns.USER, Columns.ITEM, Columns.TIME)},
                }
            },
            "ratings": ratings,
        }
    )
    return Workspace(config, Settings(home=home, threads=1, progress=False), MlflowSettings())


def stored(place: Workspace, *, seed: int = 0, rows: int = 400, shortest: int = 30) -> Reference:
    """An accepted log whose log durations are a user's and an item's habit, and noise."""
    rng = np.random.default_rng(seed)
    user, item = rng.integers(20, size=rows), rng.integers(15, size=rows)
    habit = rng.normal(6, 0.5, 20)[user] + rng.normal(0, 0.5, 15)[item] + rng.normal(0, 0.6, rows)
    seconds = np.maximum(np.exp(habit).astype(int), shortest)
    start = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.arange(rows), unit="h")
    frame = pd.DataFrame(
        {
            Columns.USER: [f"u{u}" for u in user],
            Columns.ITEM: [f"i{i}" for i in item],
            Columns.TIME: start,
            Columns.ENDS_AT: start + pd.to_timedelta(seconds, unit="s"),
        }
    )
    key = f"{seed:08d}{rows:08d}{shortest:08d}" * 3

    def build(folder: Path) -> dict[str, int]:
        return {"rows": write_table(frame, folder, "interactions")}

    return place.store.make("validate", key, build)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def place(home: Path) -> Workspace:
    return workspace(home, RATINGS)


@pytest.fixture(scope="module")
def log(place: Workspace) -> Reference:
    return stored(place)


def test_a_comparison_has_a_row_a_model_and_a_reason_where_there_are_no_numbers(
    place: Workspace, log: Reference
) -> None:
    rows = table(place, compared(place, log)).set_index("model")
    assert rows.index[0] == "baseline"  # the smallest error first
    assert rows.loc["baseline", "rmse"] < rows.loc["svd", "rmse"] < 1.2
    assert 0.5 < rows.loc["baseline", "rmse"] < 0.75  # the noise is .6
    assert abs(rows.loc["baseline", "holdout_rmse"] - rows.loc["baseline", "rmse"]) < 0.1
    assert (rows["rmse_std"].dropna() > 0).all()
    assert "20 users, max_compared is 5" in rows.loc["neighbours", "refused"]


def test_a_comparison_in_which_every_model_is_refused_has_their_reasons(
    place: Workspace, log: Reference
) -> None:
    alone = place.comparing(names=["neighbours"])
    rows = table(alone, compared(alone, log))
    assert rows["rmse"].isna().all()
    assert "20 users, max_compared is 5" in comparison_text(rows)


def test_a_killed_comparison_goes_on_at_the_model_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workspace(tmp_path, RATINGS)
    log = stored(place)
    asked: list[str] = []
    examine = comparing._Once.__call__

    def dies(self: Any, config: Any) -> Any:
        asked.append(config.algorithm)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return examine(self, config)

    monkeypatch.setattr(comparing._Once, "__call__", dies)
    with pytest.raises(KeyboardInterrupt):
        compared(place, log)
    made = compared(place, log).made
    assert asked == ["svd", "baseline_only", "baseline_only", "knn_means"]
    assert made["svd"].reused
    assert not made["baseline"].reused


def test_models_stand_under_the_run_and_folds_under_them_once(
    place: Workspace, log: Reference
) -> None:
    tracker = tracker_of(place)
    made = compared(place, log)
    rows = table(place, made)
    run = tracker.start_run(place.experiment, "compare-ratings")
    assert record(place, log, made, rows, run) == 2
    models = {one.name: one for one in tracker.children(run)}
    assert set(models) == {"ratings-svd", "ratings-baseline"}
    best = rows.set_index("model").loc["baseline"]
    assert models["ratings-baseline"].metrics["rmse"] == pytest.approx(best["rmse"])
    assert models["ratings-baseline"].params["target"] == "log_duration"
    folds = tracker.children(models["ratings-svd"].run_id)
    assert sorted(one.name for one in folds) == [
        "svd-fold-0", "svd-fold-1", "svd-fold-2", "svd-holdout",
    ]  # fmt: skip
    assert tracker.get(run).tags["best"] == "baseline"
    assert record(place, log, made, rows, run) == 0


def test_a_sweep_is_checked_in_seconds_and_then_asked(place: Workspace, log: Reference) -> None:
    run = tracker_of(place).start_run(place.experiment, "sweep-ratings")
    swept = swept_ratings(place, log, run)
    assert swept.counts["trials"] == 5
    best = best_of(place, swept)
    check = checked(place, log, best)
    record_check(place, check, run)
    found = read_check(place, check)
    assert found["unit"] == "seconds"
    assert found["rmse"] < found["baseline_rmse"]
    assert found["factors"]["smearing"] > 1
    raw, smeared = found["seconds"]["raw"], found["seconds"]["smearing"]
    assert raw["bias"] < smeared["bias"]  # exp of a mean logarithm is too little
    logged = tracker_of(place).get(run).metrics
    assert logged["holdout_smearing_bias"] == pytest.approx(smeared["bias"])

    publish(place, learned(place, log, best, check))
    both = estimated(place, "u3", "i4")
    assert (both.known_user, both.known_item) == (True, True)
    assert both.amount == pytest.approx(np.exp(both.value))
    assert both.mean == pytest.approx(both.amount * found["factors"]["smearing"])
    assert both.observed is None or both.observed > 0
    user, item, nobody = (
        estimated(place, *pair) for pair in (("u3", "?"), ("?", "i4"), ("?", "?"))
    )
    assert user.rests_on == "the user's bias alone: the item is unknown"
    assert item.rests_on == "the item's bias alone: the user is unknown"
    assert nobody.rests_on == "the mean of all pairs alone: user and item are unknown"
    assert (nobody.user_ratings, nobody.item_ratings) == (0, 0)


def test_the_same_question_is_found_and_newer_data_start_from_the_last_best(
    place: Workspace, log: Reference
) -> None:
    first = swept_ratings(place, log, "")
    assert swept_ratings(place, log, "").key == first.key
    newer = stored(place, seed=1)
    second = swept_ratings(place, newer, "")
    trials = pd.read_parquet(place.store.path(second, "trials.parquet"))
    best = best_of(place, first).model_dump()
    assert trials["params.lr_all"][0] == pytest.approx(best["lr_all"])
    assert swept_ratings(place, newer, "").key == second.key
    assert swept_ratings(place, newer, "").reused


def test_there_is_nothing_to_ask_before_the_first_sweep(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no ratings model here yet; run `onstage sweep-ratings"):
        estimated(workspace(tmp_path, RATINGS), "a", "b")


def test_what_cannot_be_compared_is_said_at_once(place: Workspace) -> None:
    few = stored(place, rows=3)
    with pytest.raises(SplitError, match="3 folds of 2 ratings"):
        compared(place, few)
    with pytest.raises(ContractError, match="have a duration of 0 or less"):
        compared(place, _still(place))
    with pytest.raises(SplitError, match=r"hold-out of 0\.2: it takes 0 of 1 ratings"):
        compared(place, stored(place, rows=1))


def _still(place: Workspace) -> Reference:
    """A log with a watch that ended when it began."""
    start = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(range(9), unit="h")
    frame = pd.DataFrame(
        {
            Columns.USER: [f"u{n}" for n in range(9)],
            Columns.ITEM: "i",
            Columns.TIME: start,
            Columns.ENDS_AT: start + pd.to_timedelta([0, *range(1, 9)], unit="s"),
        }
    )

    def build(folder: Path) -> dict[str, int]:
        return {"rows": write_table(frame, folder, "interactions")}

    return place.store.make("validate", "still" * 12, build)
