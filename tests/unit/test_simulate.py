"""The platform before anybody writes it down: calendars, choices, watches."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.laws import LAWS, Popularity, kumu_length, twitch_length
from onstage.data.simulate.memory import recall
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.viewers import make_viewers
from onstage.data.simulate.watching import Watches, watch
from onstage.seeds import generator


SHAPES = ["kumu", "twitch"]


def tiny(shape: str, **changes: object) -> SimulationConfig:
    start = {"shape": shape, "users": 150, "streamers": 120, "days": 14, "seed": 3}
    return SimulationConfig.model_validate(start | changes)


@cache
def evening(config: SimulationConfig) -> tuple[Stage, Watches]:
    stage = Stage.build(config)
    return stage, watch(make_viewers(config, 0), stage, generator(config.seed, "test"))


def repeats(stage: Stage, watches: Watches) -> float:
    """Share of watches of somebody watched before."""
    pair = watches.user * len(stage.streamers) + stage.broadcasts.streamer[watches.broadcast]
    return 1 - len(np.unique(pair)) / len(pair)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_watch_lies_inside_its_broadcast_and_the_period(shape: str) -> None:
    stage, watches = evening(tiny(shape))
    assert len(watches) > 1_000
    assert (watches.stop > watches.start).all()
    assert (watches.start >= np.maximum(stage.begins[watches.broadcast], 0)).all()
    assert (watches.stop <= stage.ends[watches.broadcast]).all()
    assert watches.stop.max() <= stage.config.horizon * stage.law.ticks_per_step


@pytest.mark.parametrize("shape", SHAPES)
def test_nobody_watches_a_broadcast_twice_or_starts_two_at_once(shape: str) -> None:
    _, watches = evening(tiny(shape))
    assert len(np.unique(np.stack([watches.user, watches.broadcast]), axis=1).T) == len(watches)
    same = watches.user[1:] == watches.user[:-1]
    assert (np.diff(watches.start)[same] > 0).all()


def test_twitch_viewers_have_at_least_five_rows() -> None:
    _, watches = evening(tiny("twitch"))
    assert np.bincount(watches.user, minlength=150).min() >= 5


@pytest.mark.parametrize("shape", SHAPES)
def test_a_streamer_is_live_once_at_a_time(shape: str) -> None:
    stage = Stage.build(tiny(shape, streamers=400))
    order = np.lexsort((stage.begins, stage.broadcasts.streamer))
    of, begins, ends = (a[order] for a in (stage.broadcasts.streamer, stage.begins, stage.ends))
    following = of[1:] == of[:-1]
    assert following.sum() > 500
    assert (begins[1:][following] > ends[:-1][following]).all()
    assert (ends > begins).all()


def test_streamers_keep_usual_hours_and_days() -> None:
    stage = Stage.build(tiny("twitch", days=42))
    of, start = stage.broadcasts.streamer, stage.broadcasts.start
    angle = np.exp(2j * np.pi * (start - stage.streamers.usual[of]) / STEPS_PER_DAY)
    assert abs(angle.mean()) > 0.9  # spread evenly over the day it would be about 0
    assert abs(np.angle(angle.mean())) < 0.05
    day = (start - stage.streamers.usual[of] + STEPS_PER_DAY // 2) // STEPS_PER_DAY
    assert stage.streamers.weekdays[of, day % 7].all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 119), st.integers(0, 14 * STEPS_PER_DAY - 1))
def test_who_is_live_is_what_a_scan_finds(streamer: int, step: int) -> None:
    stage, _ = evening(tiny("twitch"))
    table = stage.broadcasts
    live = (table.start <= step) & (step < table.stop)
    mine = np.flatnonzero(live & (table.streamer == streamer))
    expected = mine[0] if len(mine) else -1
    assert stage.current(np.array([streamer]), np.array([step]))[0] == expected
    listed, weight = stage.live.live(step)
    assert sorted(listed) == np.flatnonzero(live).tolist()
    assert weight == pytest.approx(table.weight[listed])


def test_live_broadcasts_are_drawn_by_weight() -> None:
    stage = Stage.build(tiny("twitch", streamers=600))
    step = 5 * STEPS_PER_DAY
    cell = int(stage.live.totals(np.array([step]))[0].argmax())
    n = 20_000
    uniform = generator(0, "test").random(n)
    drawn = stage.live.draw(np.full(n, step), np.full(n, cell), uniform)
    live, weight = stage.live.live(step)
    inside = stage.streamers.cell[stage.broadcasts.streamer[live]] == cell
    live, weight = live[inside], weight[inside] / weight[inside].sum()
    assert len(live) > 2
    share = np.array([(drawn == one).mean() for one in live])
    assert share.sum() == pytest.approx(1.0)  # nobody of another cell
    assert np.abs(share - weight).max() < 0.02


def test_who_forgets_repeats_less_and_who_is_loyal_more() -> None:
    nobody, usual, fans = (
        repeats(*evening(tiny("twitch", loyalty=loyalty))) for loyalty in (0.0, 1.0, 20.0)
    )
    assert nobody < usual - 0.1
    assert usual < fans - 0.02  # nobody can return to who is not live


def test_the_curious_repeat_less() -> None:
    low, high = (repeats(*evening(tiny("twitch", novelty=n))) for n in (0.2, 10.0))
    assert high < low - 0.1


def test_taste_decides_unless_it_is_switched_off() -> None:
    def share_of_the_best_genre(focus: float) -> float:
        config = tiny("twitch", focus=focus, loyalty=0.0, streamers=600)
        stage, watches = evening(config)
        viewers = make_viewers(tiny("twitch", loyalty=0.0, streamers=600), 0)
        best = np.empty(150, dtype=np.int64)
        best[viewers.user] = viewers.taste.argmax(axis=1)
        genre = stage.streamers.genre[stage.broadcasts.streamer[watches.broadcast]]
        return float((genre == best[watches.user]).mean())

    anything, own = share_of_the_best_genre(0.0), share_of_the_best_genre(1.0)
    assert anything < 0.25  # 1 genre of 8
    assert own > anything + 0.15


def test_time_of_day_matters_to_viewers() -> None:
    _, watches = evening(tiny("twitch", days=42))
    angle = np.exp(2j * np.pi * (watches.start % STEPS_PER_DAY) / STEPS_PER_DAY)
    rows = np.bincount(watches.user, minlength=150)
    own = np.hypot(*(np.bincount(watches.user, part, 150) for part in (angle.real, angle.imag)))
    assert np.median((own / rows)[rows >= 20]) > 0.35  # the real sample has .45
    assert abs(angle.mean()) < 0.35  # together, around the world, much less


def test_rows_per_viewer_follow_the_twitch_log() -> None:
    rows = LAWS["twitch"].rows((np.arange(100_000) + 0.5) / 100_000)
    assert rows.min() == 5
    assert rows.max() <= 327
    assert 15 <= np.median(rows) <= 18
    assert rows.mean() == pytest.approx(30.5, rel=0.03)


def test_about_a_fifth_of_kumu_viewers_watch_once() -> None:
    rows = LAWS["kumu"].rows((np.arange(100_000) + 0.5) / 100_000)
    assert (rows == 1).mean() == pytest.approx(0.2, abs=0.02)


@given(st.lists(st.floats(0, 0.999999), min_size=2, max_size=20))
def test_a_more_patient_viewer_stays_longer(quantiles: list[float]) -> None:
    ordered = np.sort(np.array(quantiles))
    for length in (twitch_length(ordered), kumu_length(ordered)):
        assert length.min() >= 1
        assert all(a <= b for a, b in pairwise(length))


def test_popularity_falls_with_rank_as_viewers_do() -> None:
    weights = LAWS["twitch"].popularity.weights(20_000)
    assert (np.diff(weights) < 0).all()
    law = Popularity(shift=1.0, head=1.0, bend=2.0, tail=1.0)
    assert law.weights(3) == pytest.approx([1.0, 1 / 2 / 1.5, 1 / 3 / 2])


def test_a_memory_fades_to_what_lasts() -> None:
    assert recall(np.array([1.0]), np.array([0.0])) == pytest.approx([1.0])
    assert recall(np.array([1.0]), np.array([6.0])) == pytest.approx([0.35 + 0.65 / np.e])
    assert recall(np.array([2.0]), np.array([1e9])) == pytest.approx([2 * 0.35])


def test_a_misspelt_or_impossible_configuration_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        SimulationConfig.model_validate({"viewers": 10})
    with pytest.raises(ValidationError, match=r"steps 400 are more than 2 days have \(288\)"):
        SimulationConfig(days=2, steps=400)
    with pytest.raises(ValidationError, match="timezone"):
        SimulationConfig.model_validate({"starts": "2024-01-01T00:00:00"})


def test_the_twin_of_the_twitch_log_has_its_size() -> None:
    config = SimulationConfig.twitch100k()
    assert (config.users, config.horizon, config.shape) == (100_000, 6_148, "twitch")
    assert LAWS["twitch"].streamers(config) > 162_625  # many are never watched, so not in the log
    assert SimulationConfig.small(seed=4).seed == 4
