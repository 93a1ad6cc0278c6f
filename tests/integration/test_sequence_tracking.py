"""Epochs in MLflow: curves of trials and of recipes, and trials given up between epochs."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from onstage.availability.index import AvailabilityIndex
from onstage.models.config import FitOptions
from onstage.models.sequence.config import SasrecConfig
from onstage.pipeline.backtest import backtested, read_curve
from onstage.pipeline.ranking import ranked
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.recording import record
from onstage.pipeline.refit import refitted
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.serving.bundle import load_bundle
from onstage.settings import MlflowSettings, Settings
from onstage.splitting.build import holdouts
from onstage.splitting.protocol import LiveProtocol
from onstage.testing.examples import crowd
from onstage.tracking import Tracker
from onstage.tuning.bridge import TRIAL
from onstage.tuning.config import Pruning
from onstage.tuning.objective import ValidationObjective
from onstage.tuning.space import make_space
from onstage.tuning.study import sweep
from tests.integration.accepting import accepted, crowded


pytestmark = pytest.mark.integration
pytest.importorskip("torch", reason="needs torch: pip install 'onstage[deep]'")

SMALL = SasrecConfig(dimensions=8, heads=2, blocks=1, window=8, epochs=4, batch=16)
PROTOCOL = {"kind": "live", "track": "B", "part_steps": 20}
CONFIG = {
    "name": "small",
    "clock": {"kind": "step", "step_seconds": 3600},
    "data": {"preset": "twitch", "folder": "nowhere"},
    "protocols": [PROTOCOL],
    "models": {"sasrec": SMALL.model_dump(mode="json")},
    "sweep": {"algorithms": {}},
}


def test_a_trial_shows_its_epochs_and_a_hopeless_one_is_given_up(tmp_path: Path) -> None:
    data = crowd(1, users=30, rows=900, hours=100)
    index = AvailabilityIndex.from_interactions(data)
    exam = holdouts(LiveProtocol(part_steps=20), data, index).validation
    tracker = Tracker.open(MlflowSettings(), Settings(home=tmp_path / "home"))
    rates = {"type": "categorical", "choices": [0.01, 1e-9]}
    result = sweep(
        "sasrec",
        SMALL.model_copy(update={"learning_rate": 0.01}),
        make_space(SMALL, {"learning_rate": rates, "epochs": {"type": "int", "low": 4, "high": 5}}),
        ValidationObjective(exam, "ndcg_at_10", "all", FitOptions(availability=index, threads=1)),
        trials=6,
        seed=1,
        folder=tmp_path / "study",
        metric="ndcg_at_10",
        tracker=tracker,
        pruning=Pruning(interval=1, patience=0, after=1),
        startup_trials=6,
        progress=False,
    )
    states = dict(zip(result.trials["number"], result.trials["state"], strict=True))
    assert "PRUNED" in states.values()
    assert result.run_id is not None
    for run in tracker.children(result.run_id):
        number = int(run.tags[TRIAL])
        looks = tracker.history(run.run_id, "value_at_iteration")
        epochs = tracker.history(run.run_id, "training_loss")
        if states[number] == "PRUNED":
            assert epochs == {}
            assert min(looks) == 1
        elif states[number] == "COMPLETE" and looks:
            assert sorted(epochs) == list(range(1, int(run.params["epochs"]) + 1))
            assert len(looks) == len(epochs) - 1  # after the last one all events are evaluated


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONSTAGE_PROGRESS", "0")
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    return Workspace.open(path)


def test_a_recipes_epochs_stand_on_its_run_and_its_bundle_answers(workspace: Workspace) -> None:
    known = accepted(workspace, crowded(), "900")
    recipe = Recipe(name="sasrec", config=SMALL, origin="fixed")
    made = {"sasrec": backtested(workspace, known, recipe)}
    curve = read_curve(workspace, made["sasrec"])
    assert list(curve["loss"]) == [1, 2, 3, 4]
    tracker = tracker_of(workspace)
    with tracker.run(workspace.experiment, "retrain") as run:
        record(workspace, known, ranked(workspace, made, [recipe]), made, [recipe], run)
    (child,) = tracker.children(run)
    assert tracker.history(child.run_id, "training_loss") == curve["loss"]

    folder = workspace.store.path(refitted(workspace, known, SMALL))
    answers = load_bundle(folder / "bundle").recommend([0, 1], "last", 3)
    assert np.isfinite(answers["score"]).all()
    assert not list((workspace.folder / "checkpoints").glob("*"))


def test_a_fit_killed_in_a_backtest_leaves_its_place(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onstage.models.sequence.net.trainer import Trainer

    known = accepted(workspace, crowded(), "900")
    recipe = Recipe(name="sasrec", config=SMALL, origin="fixed")
    epoch = Trainer.epoch
    done: list[Trainer] = []
    last = 2

    def dying(self: Trainer, rng: np.random.Generator, threads: int) -> float:
        if len(done) == last:
            raise KeyboardInterrupt
        done.append(self)
        return epoch(self, rng, threads)

    monkeypatch.setattr(Trainer, "epoch", dying)
    with pytest.raises(KeyboardInterrupt):
        backtested(workspace, known, recipe)
    assert len(list((workspace.folder / "checkpoints").glob("*.npz"))) == 1
    done.clear()
    last = -1
    made = backtested(workspace, known, recipe)
    # Two epochs of this fit are left; what comes after it are the small fits of the leak lint.
    assert [trainer is done[0] for trainer in done[:3]] == [True, True, False]
    assert list(read_curve(workspace, made)["loss"]) == [1, 2, 3, 4]
