"""A rehearsal's platform and its files: what arrives when, and what is wrong with it."""

from pathlib import Path

import pandas as pd
import pytest

from flows.rehearsal import _found
from onstage.config import load_config
from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.upheaval import Upheaval
from onstage.data.simulate.writer import simulate
from onstage.errors import ConfigError
from onstage.monitoring.arriving import Arriving, Finding
from onstage.monitoring.drift import Drift
from onstage.pipeline.outcome import Outcome, Verdict
from onstage.pipeline.rehearsal import HISTORY, Plan, Stage
from onstage.reporting.timeline import Night, nights_text, render_timeline, sentence


SMALL = SimulationConfig(shape="twitch", users=60, streamers=40, days=10, seed=3)


def test_before_the_change_the_log_is_the_platforms_own(tmp_path: Path) -> None:
    changed = Upheaval(SMALL, day=6).rows()
    simulate(SMALL, tmp_path)
    own = pd.read_csv(tmp_path / "100k_a.csv", names=list(changed.columns))
    until = 6 * STEPS_PER_DAY
    keys = ["user", "stream", "start"]
    before = changed[changed["start"] < until].sort_values(keys, ignore_index=True)
    expected = own[own["start"] < until].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(before, expected, check_dtype=False)


def test_after_the_change_the_same_names_have_other_habits() -> None:
    calm, changed = Upheaval(SMALL, day=10).rows(), Upheaval(SMALL, day=6).rows()
    late = [rows[rows["start"] >= 6 * STEPS_PER_DAY] for rows in (calm, changed)]
    assert set(changed["user"]) <= set(range(1, 61))
    pairs = [set(zip(rows["user"], rows["streamer"], strict=True)) for rows in late]
    common = len(pairs[0] & pairs[1]) / len(pairs[1])
    assert common < 0.5  # by chance: there are 40 streamers
    kept = Upheaval(SMALL, day=6, share=0.0).rows()
    pd.testing.assert_frame_equal(kept, calm)  # nobody changed


def test_a_change_outside_the_period_is_refused() -> None:
    with pytest.raises(ConfigError, match="the day inside the period"):
        Upheaval(SMALL, day=11).rows()


def test_each_event_has_a_night_of_its_own_and_too_few_nights_are_refused() -> None:
    plan = Plan.of(14)
    special = [plan.bad, plan.silent, plan.change, plan.rollback]
    assert len(set(special)) == 4
    assert plan.change < plan.rollback < 14
    assert Plan.of(5).silent is None
    with pytest.raises(ConfigError, match="no room for its events; give 5"):
        Plan.of(4)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "played", Plan.of(10), users=80)


def arrived(stage: Stage) -> pd.DataFrame:
    files = sorted((stage.folder / "arrived").glob("day-*.csv"))
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True)


def test_night_by_night_everything_arrives_once(stage: Stage) -> None:
    stage.write_config()
    for night in range(1, 11):
        stage.arrive(night)
        rows = arrived(stage)
        if night not in {stage.plan.bad, stage.plan.silent}:
            due = stage.log[stage.log["stop"] <= (HISTORY + night) * STEPS_PER_DAY]
            assert len(rows) == len(due)
            assert (rows["start"] < rows["stop"]).all()


def test_a_bad_day_is_broken_and_comes_anew_and_a_late_one_brings_nothing(stage: Stage) -> None:
    stage.write_config()
    broken = late = 0
    for night in range(1, 11):
        rows, story = stage.arrive(night)
        if night == stage.plan.bad:
            assert "start and stop are interchanged" in story[0]
            found = arrived(stage)
            broken = int((found["start"] > found["stop"]).sum())
            assert broken > 0
        if night == stage.plan.bad + 1:
            assert not (arrived(stage)["start"] > arrived(stage)["stop"]).any()
            assert rows > broken  # it, and the day itself
        if night == stage.plan.silent:
            assert (rows, story) == (0, ("the day's file is late",))
            late += 1
    assert late == 1


def test_the_configuration_is_valid_and_a_second_rehearsal_in_one_folder_is_refused(
    stage: Stage,
) -> None:
    assert load_config(stage.write_config()).name == "rehearsal"
    stage.arrive(1)
    with pytest.raises(ConfigError, match="a rehearsal was held here already"):
        stage.write_config()


def test_a_night_that_found_nothing_new_does_not_say_the_drift_of_the_night_before() -> None:
    more = Finding(
        name="rows", measure="change", distance=1.0, limit=0.2, ordinary=0.1, past=9, judged=True,
        drifted=True,
    )  # fmt: skip
    drift = Drift(arriving=Arriving(starts="0", ends="1", rows=9, findings=(more,)))
    verdict = Verdict(
        verdict="kept", sentence="kept champion v7: nothing new: the same recipe on the same data",
        reasons=(), leader="ease", challenger="7", champion="7", bundle=None,
    )  # fmt: skip
    monday = Outcome.model_construct(run="monday", decision=verdict, drift=drift)
    tuesday = Outcome.model_construct(run="tuesday", decision=verdict, drift=drift)
    assert "drift" not in _found(monday, monday, "")
    assert _found(tuesday, monday, "")["drift"] == drift.reasons  # it looked, and kept the recipe
    assert _found(monday, None, "")["drift"] == drift.reasons


NIGHTS = [
    Night(number=1, arrived=900, accepted=900, before=None, after="v1 memory", decision="first",
          reason="first champion v1", seconds=9.0),
    Night(number=2, arrived=90, accepted=900, before="v1 memory", after="v1 memory",
          story=("the day's file is broken <script>",), decision="refused",
          reason="validation refused the batch", seconds=2.0),
    Night(number=3, arrived=200, accepted=1100, before="v1 memory", after="v2 ease",
          drift=("item: js 0.9, ordinary up to 0.5, limit 0.1",), value=0.25, low=0.2, high=0.3,
          story=("rolled back in the morning from v1 to v0",), decision="promoted",
          reason="promoted v2", seconds=8.0),
]  # fmt: skip


def test_a_timeline_says_every_night_and_escapes_what_it_says(tmp_path: Path) -> None:
    page = render_timeline(NIGHTS, "three nights", "ndcg_at_10", tmp_path).read_text()
    assert sentence(NIGHTS) in page
    assert "1 first, 1 promoted, 1 refused; drift in night 3" in page
    assert "v1 memory to v2 ease" in page
    assert "<script>" not in page
    assert (tmp_path / "timeline.png").stat().st_size > 10_000
    text = nights_text(NIGHTS)
    assert "0.250 [0.200, 0.300]" in text
    assert "nobody to v1 memory" in text
