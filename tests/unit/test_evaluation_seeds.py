"""Several seeds of one recipe; scores by occasions; the share of hits that are repeats."""

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.errors import ContractError
from onstage.evaluation.averaging import averaged, by_seed, spread
from onstage.evaluation.comparison import compare
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.occasions import (
    BUCKET,
    HOUR,
    OCCASION,
    SINCE,
    by_occasion,
    gaps,
    last_visits,
)
from onstage.evaluation.summary import repeat_share, summarise, value_of
from onstage.models.als import Als, AlsConfig
from onstage.models.config import FitOptions
from onstage.models.memory import Memory, MemoryConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol
from onstage.testing.examples import crowd


def exam(data: Dataset) -> Holdout:
    index = AvailabilityIndex.from_interactions(data)
    return holdouts(LiveProtocol(track="B", part_steps=8), data, index).test


@pytest.fixture
def data() -> Dataset:
    return crowd(0, users=30, rows=600)


def test_an_event_is_averaged_over_seeds(data: Dataset) -> None:
    asked = exam(data)
    tables = [
        evaluate(Als(AlsConfig(factors=3)).fit(asked.train, FitOptions(seed=seed)), asked)
        for seed in (0, 1, 2)
    ]
    mean = averaged(tables)
    values = [table["ndcg_at_10"].to_numpy() for table in tables]
    assert any(not np.array_equal(values[0], other) for other in values[1:])
    np.testing.assert_allclose(mean["ndcg_at_10"], (values[0] + values[1] + values[2]) / 3)
    by = by_seed(tables, range(3))
    each = [value_of(table, "ndcg_at_10") for table in tables]
    mine = by[(by[Columns.METRIC] == "ndcg_at_10") & (by[Columns.GROUP] == "all")]
    assert mine[Columns.VALUE].tolist() == each
    found = spread(by)
    row = found[(found[Columns.METRIC] == "ndcg_at_10") & (found[Columns.GROUP] == "all")]
    assert row["spread"].item() == pytest.approx(np.std(each, ddof=1))
    assert row["seeds"].item() == 3


def test_one_seed_has_no_spread_and_changes_nothing(data: Dataset) -> None:
    asked = exam(data)
    table = evaluate(Memory(MemoryConfig()).fit(asked.train), asked)
    pd.testing.assert_frame_equal(averaged([table]), table)
    assert spread(by_seed([table], [0]))["spread"].isna().all()


def test_seeds_of_different_events_are_refused(data: Dataset) -> None:
    asked = exam(data)
    whole = evaluate(Memory(MemoryConfig()).fit(asked.train), asked)
    with pytest.raises(ContractError, match="different events; evaluate them on one holdout"):
        averaged([whole, whole.iloc[1:]])


def test_the_last_visit_is_the_newest_row_before_the_event(data: Dataset) -> None:
    rng = np.random.default_rng(0)
    users, items = rng.integers(data.n_users, size=200), rng.integers(data.n_items, size=200)
    times = rng.integers(-1, 45, size=200)
    last, known = last_visits(data, users, items, times)
    for user, item, time, found, has in zip(users, items, times, last, known, strict=True):
        mine = (data.user == user) & (data.item == item) & (data.time < time)
        assert has == mine.any()
        assert not has or found == data.time[mine].max()


def test_occasions_are_the_means_of_their_events(data: Dataset) -> None:
    asked = exam(data)
    events = evaluate(Memory(MemoryConfig()).fit(asked.train), asked)
    rows = by_occasion(events, data, asked)
    whole = events[events[Columns.GROUP] == "all"].set_index("event")
    hours = gaps(data, asked)
    assert np.isnan(hours).sum() == (~asked.repeat).sum()
    since = rows[(rows[OCCASION] == SINCE) & (rows[Columns.METRIC] == "hr_at_1")]
    for row in since.to_dict("records"):
        low, high = {
            "1-6 h": (1, 6), "6-24 h": (6, 24), "1-3 d": (24, 72), "< 1 h": (0, 1),
        }.get(row[BUCKET], (np.nan, np.nan))  # fmt: skip
        inside = np.isnan(hours) if row[BUCKET] == "never" else (hours >= low) & (hours < high)
        assert row["n"] == inside.sum()
        assert row[Columns.VALUE] == pytest.approx(whole["hr_at_1"].to_numpy()[inside].mean())
    by_hour = rows[(rows[OCCASION] == HOUR) & (rows[Columns.METRIC] == "hr_at_1")]
    assert by_hour["n"].sum() == since["n"].sum() == len(asked)
    first = by_hour.iloc[0]
    inside = asked.requests.times % 24 == int(first[BUCKET])  # the clock counts hours
    assert first[Columns.VALUE] == pytest.approx(whole["hr_at_1"].to_numpy()[inside].mean())


def test_the_share_of_hits_that_are_repeats() -> None:
    row = {"n_relevant": 1, Columns.USER: 0}
    hits = [
        ("all", 1.0),
        ("all", 1.0),
        ("all", 0.0),
        ("all", 1.0),
        ("repeat", 1.0),
        ("repeat", 1.0),
    ]
    events = pd.DataFrame([{**row, Columns.GROUP: g, "recall_at_10": h} for g, h in hits])
    assert repeat_share(events) == 2 / 3  # of three hits, two are repeats
    nothing = events.assign(recall_at_10=0.0)
    assert np.isnan(repeat_share(nothing))


def test_the_share_of_repeats_stands_on_the_leaderboard(data: Dataset) -> None:
    asked = exam(data)
    events = evaluate(Memory(MemoryConfig()).fit(asked.train), asked)
    rows = summarise(events, "memory", "live-B", resamples=0)
    row = rows[rows[Columns.METRIC] == "repeat_share_at_10"]
    assert row[Columns.GROUP].tolist() == ["all"]
    assert row[Columns.VALUE].item() == pytest.approx(repeat_share(events))


def test_the_reward_is_the_hit_rate_at_one(data: Dataset) -> None:
    asked = exam(data)
    one = evaluate(Memory(MemoryConfig()).fit(asked.train), asked)
    two = evaluate(Memory(MemoryConfig(kind="recency")).fit(asked.train), asked)
    assert value_of(one, "reward") == value_of(one, "hr_at_1")
    assert compare(one, two, "reward").mean == compare(one, two, "hr_at_1").mean


def test_the_published_groups_ignore_the_oldest_row_of_a_full_window(data: Dataset) -> None:
    index = AvailabilityIndex.from_interactions(data)
    protocol = LiveProtocol(track="A", part_steps=8, window=5)
    asked = holdouts(protocol, data, index).test
    events = evaluate(Memory(MemoryConfig()).fit(asked.train), asked)
    expected = []
    for number, (user, target) in enumerate(zip(asked.requests.users, asked.relevant, strict=True)):
        rows = asked.history.item[asked.history.user == user]  # oldest first
        assert 1 <= len(rows) <= 4
        if target in (rows[1:] if len(rows) == 4 else rows):
            expected.append(number)
    groups = events.groupby(Columns.GROUP)["event"].apply(list)
    assert groups["rep"] == expected
    assert sorted(groups["rep"] + groups["new"]) == list(range(len(asked)))
