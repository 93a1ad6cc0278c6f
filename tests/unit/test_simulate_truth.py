"""The truth knows what viewers want: probabilities that come true, and a ranking to beat."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.truth import Truth
from onstage.data.simulate.writer import simulate
from onstage.errors import SourceError


@pytest.fixture(scope="module", params=["kumu", "twitch"])
def truth(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp(request.param)
    config = SimulationConfig(shape=request.param, users=150, streamers=120, days=21, seed=5)
    simulate(config, folder, truth=True)
    return Truth.load(folder)


def events(truth: Truth, n: int = 1_000) -> tuple[NDArray[np.generic], ...]:
    """Users, times and chosen streamers of the last rows of the log."""
    rows = truth.watches.sort_values("start").tail(n)
    time = rows["start"].to_numpy()
    if truth.config.shape == "kumu":
        time = time * 1_000_000 + truth.clock.parse(truth.config.starts)
    streamer = truth.broadcasts["streamer"].to_numpy()[rows["broadcast"]]
    users = truth.viewers["user"].to_numpy()[rows["user"]]
    return users, time, truth.streamers["streamer"].to_numpy()[streamer]


def test_probabilities_sum_to_one_over_all_streamers(truth: Truth) -> None:
    users, times, _ = events(truth, 60)
    scores = truth.scores(users, times, truth.streamers["streamer"])
    assert scores.sum(axis=1) == pytest.approx(np.ones(60))
    assert (scores >= 0).all()


def test_only_who_is_live_can_be_chosen(truth: Truth) -> None:
    users, times, _ = events(truth, 30)
    names = truth.streamers["streamer"].to_numpy()
    for user, time in zip(users, times, strict=True):
        live = np.isin(names, truth.live_at(int(time)))
        assert 0 < live.sum() < len(names)
        assert (truth.scores([user], np.array([time]), names)[0][~live] == 0).all()


def test_a_broadcast_already_watched_is_not_chosen_again(truth: Truth) -> None:
    users, times, chosen = events(truth, 300)
    tick = 1 if truth.config.shape == "twitch" else 1_000_000
    before = truth.scores(users, times, chosen)
    after = truth.scores(users, times + tick, chosen)
    assert (np.diag(before) > 0).all()
    assert (np.diag(after) == 0).all()


def test_strangers_have_no_truth(truth: Truth) -> None:
    users, times, _ = events(truth, 1)
    names = truth.streamers["streamer"].to_numpy()
    stranger = -1 if truth.config.shape == "twitch" else "nobody"
    assert np.isnan(truth.scores([stranger], times, names)).all()
    assert np.isnan(truth.scores(users, times, ["no such name"])).all()
    ranks = truth.ranks([stranger, users[0]], np.repeat(times, 2), [names[0], "no such name"])
    assert np.isnan(ranks).all()


def test_what_is_said_to_be_probable_happens_as_often(truth: Truth) -> None:
    """Hits of the most probable streamer: mean p, variance p(1 - p), so |z| stays small."""
    users, times, chosen = events(truth)
    names = truth.streamers["streamer"].to_numpy()
    scores = truth.scores(users, times, names)
    best = scores.max(axis=1)
    hit = names[scores.argmax(axis=1)] == chosen
    z = (hit - best).sum() / np.sqrt((best * (1 - best)).sum())
    assert abs(z) < 3.5
    own = scores[np.arange(len(users)), pd.Index(names).get_indexer(pd.Index(chosen))]
    surprise = -np.log(own).sum()
    expected = -(scores * np.log(np.where(scores > 0, scores, 1))).sum()
    assert surprise == pytest.approx(expected, rel=0.06)


def test_no_simple_ranking_beats_the_oracle(truth: Truth) -> None:
    users, times, chosen = events(truth)
    best = truth.oracle(users, times, chosen, live="schedule")
    names = truth.streamers["streamer"].to_numpy()
    scores = truth.scores(users, times, names)
    popular = truth.streamers["audience"].to_numpy()
    target = pd.Index(names).get_indexer(pd.Index(chosen))
    rank = np.array(
        [
            1 + ((popular > popular[t]) & (row > 0)).sum()
            for row, t in zip(scores, target, strict=True)
        ]
    )
    assert best["events"] == len(users)
    assert best["hit_rate_at_1"] > (rank <= 1).mean() + 0.1
    assert best["ndcg_at_10"] > ((rank <= 10) / np.log2(rank + 1)).mean() + 0.1
    assert best["ndcg_at_1"] == best["hit_rate_at_1"] <= best["hit_rate_at_5"]


def test_the_log_shows_fewer_candidates_than_the_schedule(truth: Truth) -> None:
    users, times, chosen = events(truth, 300)
    by_log, by_schedule = (truth.ranks(users, times, chosen, live=x) for x in ("log", "schedule"))
    assert (by_log <= by_schedule).all()
    assert by_log.mean() < by_schedule.mean()


def test_no_events_give_no_numbers(truth: Truth) -> None:
    nothing = truth.oracle([], np.array([], dtype=np.int64), [])
    assert nothing["events"] == 0
    assert np.isnan(nothing["hit_rate_at_1"])


def test_a_folder_without_truth_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="simulate again with truth=True"):
        Truth.load(tmp_path)
