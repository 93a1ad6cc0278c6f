"""Events split by what was known before them."""

import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.strata import ACTIVITY, COLD, by_activity, by_coldness, regrouped
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import TemporalProtocol
from onstage.testing.examples import log


def exam(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> Holdout:
    """A temporal exam: first `train` happened, between two rows of somebody else, then `test`."""
    pairs = [("val", "warm"), *train, ("val", "warm"), *test]
    dataset = log([(user, item, at) for at, (user, item) in enumerate(pairs)])
    protocol = TemporalProtocol(
        test_share=len(test) / len(pairs), validation_share=1 / (len(train) + 2)
    )
    return holdouts(protocol, dataset, AvailabilityIndex.everything(dataset.n_items)).test


def asked(holdout: Holdout, names: pd.Series) -> dict[str, str]:
    """Which name every asked user got."""
    users = holdout.train.users[holdout.requests.users]
    return {str(user): names[event] for event, user in enumerate(users)}


def test_users_are_split_into_terciles_by_their_training_rows() -> None:
    rows = {"ann": 1, "bob": 1, "carl": 2, "dora": 2, "eve": 5, "finn": 9}
    holdout = exam(
        [(user, "warm") for user, n in rows.items() for _ in range(n)], [(u, "warm") for u in rows]
    )
    found = asked(holdout, by_activity(holdout))
    low, middle, high = ACTIVITY
    assert found == {
        "ann": low, "bob": low, "carl": middle, "dora": middle, "eve": high, "finn": high
    }  # fmt: skip


def test_users_with_equally_many_rows_stay_together_and_a_slice_may_be_empty() -> None:
    users = ["ann", "bob", "carl"]
    holdout = exam([(user, "warm") for user in users], [(user, "warm") for user in users])
    assert set(by_activity(holdout)) == {ACTIVITY[0]}


def test_an_event_is_cold_when_more_than_half_of_its_items_have_few_training_rows() -> None:
    train = [("ann", "warm")] * 4 + [("bob", "cool")] * 2 + [("carl", "warm")]
    test = [
        ("ann", "warm"), ("ann", "new"),  # 1 of 2 cold
        ("bob", "new"), ("bob", "cool"), ("bob", "warm"),  # 2 of 3
        ("carl", "warm"),
    ]  # fmt: skip
    holdout = exam(train, test)
    names = by_coldness(holdout, cold_below=3)
    found = {user: name == COLD for user, name in asked(holdout, names).items()}
    assert found == {"ann": False, "bob": True, "carl": False}
    assert by_coldness(holdout, cold_below=1).eq(COLD).sum() == 0  # bob: 1 of 3 never seen


def test_regrouped_events_keep_their_values_and_lose_those_without_a_slice() -> None:
    holdout = exam([("ann", "warm"), ("bob", "warm")], [("ann", "new"), ("bob", "warm")])
    events = evaluate(Popularity(PopularityConfig()).fit(holdout.train), holdout)
    made = regrouped(events, by_coldness(holdout, cold_below=1))
    assert made[Columns.GROUP].tolist() == [COLD]
    whole = events[(events[Columns.GROUP] == "all") & (events[Columns.USER] == "ann")]
    assert made["mrr_at_10"].tolist() == whole["mrr_at_10"].tolist()


def test_a_table_of_another_holdout_is_refused() -> None:
    one = exam([("ann", "warm"), ("bob", "warm")], [("ann", "new"), ("bob", "warm")])
    other = exam([("ann", "warm"), ("bob", "warm")], [("ann", "new")])
    events = evaluate(Popularity(PopularityConfig()).fit(other.train), other)
    with pytest.raises(ContractError, match="the table has 1 events and the holdout 2, not the sa"):
        regrouped(events, by_activity(one))
