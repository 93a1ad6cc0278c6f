"""Why timing matters: what is computed, what is said, what is drawn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.summary import value_of
from onstage.evaluation.timing import blindness, offline_share, repeat_gaps, thinned, unaware
from onstage.features.rhythm import live_by_hour, week_of_streamers, week_of_viewers
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.reporting.timing import Timing, render_timing, sentences
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol
from onstage.testing.examples import STEPS, crowd, log


@pytest.fixture
def asked() -> Holdout:
    data = crowd(0, users=30, rows=600)
    index = AvailabilityIndex.from_interactions(data)
    return holdouts(LiveProtocol(track="B", part_steps=8), data, index).test


def index_of(asked: Holdout) -> AvailabilityIndex:
    data = crowd(0, users=30, rows=600)
    assert len(data.items) == asked.train.n_items
    return AvailabilityIndex.from_interactions(data)


def test_the_offline_share_is_what_a_count_of_the_lists_gives(asked: Holdout) -> None:
    index, model = index_of(asked), Popularity(PopularityConfig()).fit(asked.train)
    offline = total = 0
    for user, time in zip(asked.requests.users, asked.requests.times, strict=True):
        top = model.recommend([asked.train.users[user]], k=10, at=int(time))
        live = set(asked.train.items[index.live_at(int(time))])
        offline += sum(item not in live for item in top["item_id"])
        total += len(top)
    assert 0 < offline < total
    assert offline_share(model, unaware(asked), index) == pytest.approx(offline / total)


def test_without_availability_the_dark_compete(asked: Holdout) -> None:
    model = Memory(MemoryConfig(backoff=True)).fit(asked.train)
    found = blindness(model, asked, index_of(asked))
    assert found.aware == value_of(evaluate(model, asked), "ndcg_at_10")
    assert found.n == len(asked)
    assert found.aware > found.blind  # more candidates, the same right answer
    everything = AvailabilityIndex.merged(
        asked.train.n_items,
        np.arange(asked.train.n_items),
        np.zeros(asked.train.n_items, dtype=np.int64),
        np.full(asked.train.n_items, 99),
    )
    assert offline_share(model, unaware(asked), everything) == 0


def test_long_logs_are_thinned_evenly(asked: Holdout) -> None:
    few = thinned(asked, 5)
    assert len(few) == 5
    assert few.requests.times[[0, -1]].tolist() == asked.requests.times[[0, -1]].tolist()
    assert set(few.relevant) <= set(asked.relevant)
    assert thinned(asked, 10**6) is asked
    assert evaluate(Memory(MemoryConfig()).fit(asked.train), few)["event"].nunique() == 5


def test_gaps_are_between_visits_of_one_viewer_to_one_streamer() -> None:
    data = log(
        [("ann", "a", 0), ("bob", "a", 1), ("ann", "b", 2), ("ann", "a", 5), ("ann", "a", 6)]
    )
    assert sorted(repeat_gaps(data)) == [1, 5]
    assert len(repeat_gaps(log([("ann", "a", 0)]))) == 0


def test_live_by_hour_is_the_mean_over_days() -> None:
    # Hours 0 to 47; one streamer from 3 to 5 on day one, two from 3 to 4 on day two.
    item, starts, ends = np.array([0, 0, 1]), np.array([3, 27, 27]), np.array([5, 28, 28])
    index = AvailabilityIndex.merged(2, item, starts, ends)
    table = live_by_hour(index, STEPS, -1, 48).set_index("hour")
    assert table.loc[3, "value"] == 1.5
    assert table.loc[4, "value"] == 0.5
    assert table["value"].sum() == 2
    assert (table["n"] == 2).all()


def test_the_week_has_seven_days_of_24_hours() -> None:
    clock = Clock()
    monday = clock.parse("2024-06-03T20:30:00Z")
    hour = 3_600_000_000
    index = AvailabilityIndex.merged(
        1, np.array([0]), np.array([monday]), np.array([monday + hour])
    )
    week = week_of_streamers(index, clock, monday - 30 * hour, monday + 5 * hour)
    assert week[0, 21] == 1  # live at 21:00, not yet at 20:00
    assert np.nansum(week) == 1
    assert np.isnan(week[3]).all()  # no Thursday in the span
    views = week_of_viewers(log([("ann", "a", 0), ("bob", "a", 0), ("ann", "a", 168)]))
    assert views[0, 0] == 1.5  # two in the first week, one in the second
    assert np.nansum(views) == 1.5


@pytest.fixture
def timing() -> Timing:
    rng = np.random.default_rng(0)
    return Timing(
        name="small",
        protocol="live-C",
        clock=STEPS,
        live=pd.DataFrame(
            {"hour": [2, 20], "value": [10.0, 30.0], "low": [8.0, 20.0], "high": [12.0, 40.0],
             "n": [3, 1]}
        ),
        n_items=60,
        models=pd.DataFrame(
            {"model": ["ranker", "<b>pop</b>"], "offline": [0.25, 0.9], "aware": [0.8, 0.3],
             "blind": [0.4, 0.3], "n": [513, 513]}
        ),
        gaps=np.array([0.5, 24.0, 30.0, 200.0]),
        streamers=rng.random((7, 24)) * 50,
        viewers=rng.random((7, 24)) * 90,
    )  # fmt: skip


def test_sentences_say_what_the_numbers_are(timing: Timing) -> None:
    said = sentences(timing)
    # (3 x 10 + 30) / 4 = 15 of 60 live
    assert said["live"].startswith("On average 15 of 60 streamers are live, so at any instant 75%")
    assert "fewest at 02 h (10) and most at 20 h (30, 3.0 times as many)" in said["live"]
    assert "ranker, first on the leaderboard, recommends 25% who are not live" in said["offline"]
    assert "from 25% (ranker) to 90% (<b>pop</b>)" in said["offline"]
    assert "NDCG@10 0.800 instead of 0.400 (2.0 times); 1 of 2 models" in said["scores"]
    assert (
        "Half of 4 returns to a streamer come within 27.0 hours; 25% within an hour" in said["gaps"]
    )
    assert "25% a day later (20 to 28 hours) and 25% after more than a week" in said["gaps"]
    day, hour = divmod(int(timing.streamers.argmax()), 24)
    assert f"Most streamers are live on day {day + 1}, {hour:02d} h" in said["week"]


def test_the_page_is_whole_offline_and_the_same_bytes(timing: Timing, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    facts = render_timing(timing, tmp_path / "one")
    render_timing(timing, tmp_path / "two")
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert [str(file) for file in files] == [
        "figures/gaps.png", "figures/live.png", "figures/offline.png", "figures/scores.png",
        "figures/week.png", "timing.html",
    ]  # fmt: skip
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    page = (tmp_path / "one" / "timing.html").read_text()
    assert "://" not in page
    assert "<script" not in page
    assert "<b>pop" not in page  # escaped
    assert facts["models"][0]["offline"] == 0.25


def test_a_log_where_nobody_returns_is_said_so(timing: Timing, tmp_path: Path) -> None:
    alone = replace(timing, gaps=np.empty(0), streamers=np.full((7, 24), 1.0))
    facts = render_timing(alone, tmp_path)
    assert facts["sentences"]["gaps"] == "No viewer ever came back to a streamer."
    assert "correlate" not in facts["sentences"]["week"]
