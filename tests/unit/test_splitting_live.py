from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import SplitError
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout, Holdouts
from onstage.splitting.protocol import LiveProtocol


STEPS = Clock(kind="step", step_seconds=600)
Row = tuple[int, int, int, int]


def log(rows: Sequence[Row]) -> Dataset:
    """Rows of (user, item, start, stop)."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "ends_at"])
    return Dataset.from_interactions(table, clock=STEPS)


def cut(rows: Sequence[Row], **options: object) -> Holdouts:
    dataset = log(rows)
    protocol = LiveProtocol.model_validate({"part_steps": 10, **options})
    return holdouts(protocol, dataset, AvailabilityIndex.from_interactions(dataset))


def asked(exam: Holdout) -> list[tuple[int, int, int]]:
    """(user, item, time) of every event."""
    users = exam.train.users[exam.requests.users]
    items = exam.train.items[exam.relevant]
    return list(zip(users, items, exam.requests.times.tolist(), strict=True))


def candidates(exam: Holdout, event: int) -> list[int]:
    (of,) = [
        items[~excluded[list(rows).index(event)]]
        for rows, items, excluded in exam.candidates.blocks(10**6)
        if event in rows
    ]
    return exam.train.items[of].tolist()


def seen(exam: Holdout) -> list[tuple[int, int]]:
    """(user, start) of every row of the history."""
    past = exam.history
    return list(zip(past.users[past.user], past.time.tolist(), strict=True))


# max is 40, so validation is [20, 30) and test [30, 40). User 1 streams through all of it.
LOG: list[Row] = [
    (1, 7, 0, 5),
    (1, 8, 10, 15),
    (1, 7, 22, 24),
    (1, 8, 33, 36),
    (2, 7, 1, 19),
    (2, 9, 23, 28),
    (3, 9, 12, 18),
    (3, 9, 32, 40),  # stops at the end: not before it, so it is no target
    (4, 8, 34, 35),  # one row is not enough
    (5, 9, 2, 3),
    (5, 8, 31, 34),
    (6, 7, 21, 23),  # the only row that makes an item live for somebody else in validation
]


def test_the_newest_row_of_a_part_is_asked_for() -> None:
    assert asked(cut(LOG).validation) == [(1, 7, 22), (2, 9, 23)]
    assert asked(cut(LOG).test) == [(1, 8, 33), (5, 8, 31)]


def test_models_are_fitted_on_rows_that_stop_before_validation_for_both_parts() -> None:
    made = cut(LOG)
    assert made.test.train.time.tolist() == [0, 1, 2, 10, 12]
    assert made.validation.train.time.tolist() == made.test.train.time.tolist()


def test_a_row_that_stops_when_the_part_starts_is_not_before_it() -> None:
    made = cut([*LOG, (2, 8, 18, 20)])
    assert 18 not in made.test.train.time


def test_track_a_sees_the_inputs_and_nothing_else() -> None:
    made = cut(LOG, track="A", window=3).test
    # User 1's newest three rows are at 10, 22 and 33: the last is the target.
    assert seen(made) == [(5, 2), (1, 10), (1, 22)]


def test_track_b_sees_the_whole_log_but_validation_nothing_of_the_test_part() -> None:
    made = cut(LOG)
    assert len(made.test.history) == len(LOG) == 12
    assert made.validation.history.time.max() < 30


def test_candidates_are_who_is_live_when_the_target_starts() -> None:
    made = cut(LOG).test
    assert candidates(made, 0) == [8, 9]  # at 33: the target, item 8, and 9 from 32 to 40
    assert candidates(made, 1) == [8]  # at 31: only the target


def test_track_c_asks_only_where_somebody_else_makes_the_target_live() -> None:
    # At 33 user 5 watches item 8 too, until 34; at 31 nobody else does.
    assert asked(cut(LOG, track="C").test) == [(1, 8, 33)]
    assert cut(LOG, track="C").test.dropped == 1


def test_a_row_of_the_user_that_just_ended_makes_nothing_live() -> None:
    # User 5 alone watches item 8 until 31, and again from 31: still nobody else does.
    assert asked(cut([*LOG, (5, 8, 29, 31)], track="C").test) == [(1, 8, 33)]


def test_track_c_leaves_out_every_item_that_only_the_asking_user_watches() -> None:
    rows: list[Row] = [*LOG, (1, 6, 20, 39)]  # user 1 has been watching 6 alone since 20
    assert 6 in candidates(cut(rows, track="B").test, 0)
    assert 6 not in candidates(cut(rows, track="C").test, 0)


def test_repeat_is_judged_by_the_whole_log_before_the_request() -> None:
    made = cut(LOG, track="A", window=2).test  # user 1's one input is item 7, 8 is older
    assert made.repeat.tolist() == [True, False]


def test_a_policy_against_repeats_leaves_out_events_whose_target_was_seen() -> None:
    made = cut(LOG, repeat=RepeatPolicy(kind="exclude")).test
    assert asked(made) == [(5, 8, 31)]
    assert made.dropped == 1


def test_a_log_with_timestamps_has_parts_of_as_many_step_lengths() -> None:
    table = pd.DataFrame(LOG, columns=["user_id", "item_id", "timestamp", "ends_at"])
    for column in ("timestamp", "ends_at"):
        table[column] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(
            table[column] * 10, unit="min"
        )
    dataset = Dataset.from_interactions(table)
    protocol = LiveProtocol(part_steps=10, part_step_seconds=600)
    made = holdouts(protocol, dataset, AvailabilityIndex.from_interactions(dataset))
    steps = cut(LOG)
    for part, expected in ((made.validation, steps.validation), (made.test, steps.test)):
        assert part.requests.users.tolist() == expected.requests.users.tolist()
        assert part.relevant.tolist() == expected.relevant.tolist()
        assert part.candidates.sizes().tolist() == expected.candidates.sizes().tolist()


def test_nothing_to_train_on_is_refused() -> None:
    dataset = log(LOG)
    with pytest.raises(SplitError, match=r"no row stops before step -10, .*lower part_steps"):
        holdouts(LiveProtocol(part_steps=25), dataset, AvailabilityIndex.from_interactions(dataset))


def test_nothing_to_ask_is_refused() -> None:
    with pytest.raises(SplitError, match="live validation: no user has 2 rows"):
        cut([row for row in LOG if not 20 <= row[2] < 30])


def test_an_empty_log_is_refused() -> None:
    dataset = log(LOG).where(np.zeros(len(LOG), dtype=bool))
    with pytest.raises(SplitError, match="the log has no rows"):
        holdouts(LiveProtocol(), dataset, AvailabilityIndex.from_interactions(dataset))


def test_track_c_needs_a_log_that_says_when_watching_ended() -> None:
    table = pd.DataFrame(LOG, columns=["user_id", "item_id", "timestamp", "ends_at"])
    dataset = Dataset.from_interactions(table.drop(columns="ends_at"), clock=STEPS)
    with pytest.raises(SplitError, match="live-C: the log has no end times"):
        holdouts(
            LiveProtocol(part_steps=10, track="C"),
            dataset,
            AvailabilityIndex.everything(dataset.n_items),
        )


rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 39), st.integers(1, 6)),
    min_size=5,
    max_size=60,
)


@settings(max_examples=40)
@given(rows, st.sampled_from("ABC"), st.integers(2, 6))
def test_the_tracks_are_those_of_a_slow_and_obvious_loop(
    spans: list[Row], track: str, window: int
) -> None:
    table = pd.DataFrame(spans, columns=["user_id", "item_id", "timestamp", "ends_at"])
    table["ends_at"] += table["timestamp"]
    end = int(table["ends_at"].max())
    try:
        made = cut(list(table.itertuples(index=False, name=None)), track=track, window=window)
    except SplitError:
        return
    for exam, low, high in (
        (made.validation, end - 20, end - 10),
        (made.test, end - 10, end),
    ):
        expected = slow(table, track, window, (low, high))
        found = [
            (user, item, time, candidates(exam, event))
            for event, (user, item, time) in enumerate(asked(exam))
        ]
        assert found == expected


def slow(
    table: pd.DataFrame, track: str, window: int, part: tuple[int, int]
) -> list[tuple[int, int, int, list[int]]]:
    events = []
    for user, rows in table[table["ends_at"] < part[1]].groupby("user_id"):
        newest = rows.sort_values("timestamp", kind="stable").tail(window)
        target = newest.iloc[-1]
        if len(newest) < 2 or target["timestamp"] < part[0]:
            continue
        at = target["timestamp"]
        live = table[(table["timestamp"] <= at) & (at < table["ends_at"])]
        if track == "C":
            live = live[live["user_id"] != user]
        items = sorted(set(live["item_id"]))
        if target["item_id"] in items:
            events.append((user, target["item_id"], at, items))
    return events
