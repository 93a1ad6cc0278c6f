import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.data.dataset import Dataset
from onstage.errors import SplitError
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout, Holdouts
from onstage.splitting.protocol import TemporalProtocol


START = pd.Timestamp("2024-01-01", tz="UTC")
Row = tuple[str, str, int]


def log(rows: list[Row]) -> Dataset:
    """Rows of (user, item, day)."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    table["timestamp"] = START + pd.to_timedelta(table.pop("day"), unit="D")
    return Dataset.from_interactions(table)


def cut(rows: list[Row], **options: object) -> Holdouts:
    dataset = log(rows)
    index = AvailabilityIndex.from_interactions(dataset)
    return holdouts(TemporalProtocol.model_validate(options), dataset, index)


def asked(exam: Holdout) -> dict[str, set[str]]:
    bounds = exam.relevant_indptr
    return {
        exam.train.users[user]: set(exam.train.items[exam.relevant[low:high]])
        for user, low, high in zip(exam.requests.users, bounds, bounds[1:], strict=False)
    }


def days(dataset: Dataset) -> list[int]:
    return ((dataset.clock.times(dataset.time) - START) // pd.Timedelta(days=1)).tolist()


LOG: list[Row] = [
    ("ann", "x", 0), ("bob", "y", 1), ("ann", "y", 2), ("cat", "z", 3), ("bob", "x", 4),
    ("ann", "x", 5), ("bob", "z", 6), ("ann", "z", 7), ("ann", "z", 8), ("dan", "x", 9),
]  # fmt: skip


def test_the_newest_share_of_the_log_is_the_test_part() -> None:
    made = cut(LOG, test_share=0.3, validation_share=2 / 7)
    assert days(made.test.train) == [0, 1, 2, 3, 4, 5, 6]
    assert days(made.validation.train) == [0, 1, 2, 3, 4]
    assert set(made.test.requests.times) == {log(LOG).time[7]}


def test_users_are_asked_once_for_the_distinct_items_they_had_in_the_part() -> None:
    made = cut(LOG, test_share=0.3, validation_share=2 / 7)
    assert asked(made.test) == {"ann": {"z"}}  # twice z is once; dan was not known before
    assert asked(made.validation) == {"ann": {"x"}, "bob": {"z"}}


def test_repeat_says_whether_the_user_had_the_item_before_the_cut() -> None:
    made = cut(LOG, test_share=0.3, validation_share=2 / 7)
    assert made.validation.repeat.tolist() == [True, False]  # ann had x, bob never had z


def test_the_length_of_a_part_can_be_given_in_days() -> None:
    made = cut(LOG, test_days=2, validation_days=3)
    # The log ends on day 9; the newest two days are 8 and 9, then 5, 6 and 7 validate.
    assert days(made.test.train) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert days(made.validation.train) == [0, 1, 2, 3, 4]


def test_rows_at_the_instant_of_the_cut_are_asked_not_known() -> None:
    rows: list[Row] = [("ann", "x", 0), ("ann", "x", 1), ("ann", "y", 1), ("ann", "y", 2)]
    rows += [("ann", "z", 2), ("ann", "w", 2), ("ann", "v", 2)]
    made = cut(rows, test_share=0.2, validation_share=0.3)  # the cut falls among those of day 2
    assert asked(made.test) == {"ann": {"v", "w", "y", "z"}}


def test_users_with_too_short_a_past_are_not_asked() -> None:
    rows: list[Row] = [("bob", "y", 0), *LOG, ("cat", "x", 9)]  # cat has one row before day 5
    shares = {"test_share": 0.5, "validation_share": 1 / 3}
    assert set(asked(cut(rows, **shares, min_train_interactions=1).test)) == {"ann", "bob", "cat"}
    assert set(asked(cut(rows, **shares, min_train_interactions=2).test)) == {"ann", "bob"}
    with pytest.raises(SplitError, match="no user has 4 interactions before"):
        cut(rows, **shares, min_train_interactions=4)


def test_what_the_repeat_policy_excludes_cannot_be_relevant() -> None:
    made = cut(LOG, test_share=0.5, validation_share=0.4, repeat=RepeatPolicy(kind="exclude"))
    assert asked(made.test) == {"ann": {"z"}, "bob": {"z"}}  # ann had x on day 0
    assert not made.test.repeat.any()
    assert made.test.candidates.sizes().tolist() == [3 - 2, 3 - 2]


def test_a_cooldown_excludes_only_what_was_seen_recently() -> None:
    # At the cut, day 5, bob's y is 4 days old and his x one day.
    policy = RepeatPolicy(kind="cooldown", cooldown_hours=48)
    made = cut([*LOG, ("bob", "y", 9)], test_share=0.55, validation_share=0.4, repeat=policy)
    assert asked(made.test)["bob"] == {"y", "z"}


def test_with_windows_the_candidates_are_what_was_available_in_the_part() -> None:
    dataset = log(LOG)
    windows = pd.DataFrame({"item_id": ["x", "y", "z"], "starts": [0, 6, 7], "ends": [7, 7, 10]})
    for column in ("starts", "ends"):
        windows[column] = START + pd.to_timedelta(windows[column], unit="D")
    index = AvailabilityIndex.from_windows(windows, dataset)
    protocol = TemporalProtocol(test_share=0.3, validation_share=2 / 7)
    made = holdouts(protocol, dataset, index)
    assert made.test.candidates.items.tolist() == [2]  # z: x and y end when the part starts
    assert made.validation.candidates.items.tolist() == [0, 1]
    assert asked(made.validation) == {"ann": {"x"}}  # bob's z was not on offer in days 5 and 6
    assert made.validation.dropped == 1


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz"), st.integers(0, 20)),
        min_size=4,
        max_size=40,
    ),
    st.floats(0.05, 0.6),
)
def test_no_interaction_is_lost_or_leaks(rows: list[Row], share: float) -> None:
    try:
        made = cut(rows, test_share=share, validation_share=share)
    except SplitError:
        return
    for part, log_end in ((made.test, None), (made.validation, made.test.requests.times[0])):
        at = part.requests.times[0]
        assert (part.train.time < at).all()
        everything = log(rows)
        known = everything.time < at
        assert len(part.train) == known.sum()
        asked_rows = ~known if log_end is None else ~known & (everything.time < log_end)
        happened = set(zip(everything.user[asked_rows], everything.item[asked_rows], strict=True))
        users = np.repeat(part.requests.users, np.diff(part.relevant_indptr))
        strangers = set(everything.user[asked_rows]) - set(part.train.user)
        assert set(zip(users, part.relevant, strict=True)) == {
            (user, item) for user, item in happened if user not in strangers
        }


def test_a_part_that_is_longer_than_the_log_is_refused() -> None:
    with pytest.raises(SplitError, match=r"test_days=99 puts all 10 interactions after 2023"):
        cut(LOG, test_days=99)


def test_a_log_of_one_instant_cannot_be_cut() -> None:
    with pytest.raises(SplitError, match=r"something must be left to train on"):
        cut([("ann", "x", 1), ("bob", "y", 1)])


def test_an_empty_log_is_refused() -> None:
    dataset = log(LOG).where(np.zeros(len(LOG), dtype=bool))
    with pytest.raises(SplitError, match="temporal test: the log has no rows"):
        holdouts(TemporalProtocol(), dataset, AvailabilityIndex.everything(3))
