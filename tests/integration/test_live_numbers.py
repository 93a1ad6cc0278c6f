"""The published numbers of the live protocol, found again on the real sample."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.evaluation.evaluate import EventTable, evaluate
from onstage.evaluation.overlap import check_no_overlap
from onstage.evaluation.summary import value_of
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol


pytestmark = [pytest.mark.realdata, pytest.mark.integration]

MEAN_WATCH_STEPS = 3
"""The sample has no ends: the mean watch length stands in for them."""

FOLD = np.log(2)
"""The tables decay by a factor e a period; our memory is configured by the half-life."""


@pytest.fixture(scope="module")
def twitch(data: Path) -> Dataset:
    raw = pd.read_csv(data / "twitch105k" / "twitch105k.csv", index_col=0)
    table = pd.DataFrame(
        {
            "user_id": raw["user_id"],
            "item_id": raw["streamer_name"],
            "timestamp": raw["start_time"],
            "ends_at": raw["start_time"] + MEAN_WATCH_STEPS,
        }
    )
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


@pytest.fixture(scope="module")
def tracks(twitch: Dataset) -> dict[str, Holdout]:
    index = AvailabilityIndex.from_interactions(twitch)
    return {t: holdouts(LiveProtocol(track=t), twitch, index).test for t in ("A", "B", "C")}


def popularity(exam: Holdout) -> EventTable:
    return evaluate(Popularity(PopularityConfig()).fit(exam.train), exam)


def memory(exam: Holdout, config: MemoryConfig) -> EventTable:
    return evaluate(Memory(config).fit(exam.train), exam)


def close(found: float, published: float) -> bool:
    """Equal to the published digits, give or take one of the last."""
    return abs(found - published) <= 0.0015


COUNT = MemoryConfig(kind="count")
RECENCY = MemoryConfig(kind="recency")


def decay(days: float) -> MemoryConfig:
    return MemoryConfig(kind="decay", half_life_days=days * FOLD)


def test_the_sample_is_the_one_of_the_tables(twitch: Dataset) -> None:
    assert (len(twitch), twitch.n_users, twitch.n_items) == (105_745, 2_000, 1_742)
    live = AvailabilityIndex.from_interactions(twitch).candidates(np.arange(6_151))
    assert live.sizes().max() == 105


def test_tracks_a_and_b_ask_the_same_1420_events(tracks: dict[str, Holdout]) -> None:
    for track in ("A", "B"):
        assert len(tracks[track]) == 1_420
        assert tracks[track].candidates.sizes().max() <= 105
    assert tracks["A"].relevant.tolist() == tracks["B"].relevant.tolist()
    assert tracks["A"].past.sizes(tracks["A"].requests).max() == 16


def test_track_c_asks_513_events_with_49_candidates_on_average(
    tracks: dict[str, Holdout],
) -> None:
    assert len(tracks["C"]) == 513
    assert round(tracks["C"].candidates.sizes().mean()) == 49
    assert round(tracks["C"].repeat.mean(), 2) == 0.86


def test_nothing_that_is_asked_was_trained_on(tracks: dict[str, Holdout]) -> None:
    for exam in tracks.values():
        check_no_overlap(exam)


def test_popularity_of_the_released_code_on_track_a(tracks: dict[str, Holdout]) -> None:
    events = popularity(tracks["A"])
    published = {"hr_at_1": 0.046, "hr_at_5": 0.181, "ndcg_at_5": 0.114, "ndcg_at_10": 0.158}
    for metric, value in published.items():
        assert close(value_of(events, metric), value), metric


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (RECENCY, (0.489, 0.830, 0.683, 0.686)),
        (decay(3), (0.504, 0.830, 0.690, 0.694)),
        (COUNT, (0.575, 0.835, 0.711, 0.713)),
    ],
    ids=["recency", "decay", "count"],
)
def test_memory_on_track_b(
    tracks: dict[str, Holdout], config: MemoryConfig, published: tuple[float, ...]
) -> None:
    events = memory(tracks["B"], config)
    for metric, value in zip(
        ("hr_at_1", "hr_at_5", "ndcg_at_5", "ndcg_at_10"), published, strict=True
    ):
        assert close(value_of(events, metric), value), metric


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (None, (0.109, 0.392, 0.315, 0.337, 0.182)),
        (RECENCY, (0.501, 0.852, 0.706, 0.817, 0.004)),
        (decay(1), (0.501, 0.852, 0.708, 0.819, 0.004)),
        (COUNT, (0.583, 0.862, 0.728, 0.842, 0.004)),
    ],
    ids=["popularity", "recency", "decay", "count"],
)
def test_baselines_on_track_c(
    tracks: dict[str, Holdout], config: MemoryConfig | None, published: tuple[float, ...]
) -> None:
    exam = tracks["C"]
    events = popularity(exam) if config is None else memory(exam, config)
    found = (
        value_of(events, "hr_at_1"),
        value_of(events, "hr_at_5"),
        *(value_of(events, "ndcg_at_10", group) for group in ("all", "repeat", "unseen")),
    )
    for value, expected in zip(found, published, strict=True):
        assert close(value, expected), (found, published)
