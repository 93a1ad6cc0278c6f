import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.errors import SplitError
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout, Holdouts
from onstage.splitting.protocol import MaskedProtocol


def log(n_users: int = 20, n_items: int = 10) -> Dataset:
    """Every user has every second item, twice."""
    pairs = [(u, i) for u in range(n_users) for i in range(u % 2, n_items, 2)] * 2
    table = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    table["timestamp"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(
        np.arange(len(table)), unit="h"
    )
    return Dataset.from_interactions(table)


def cut(dataset: Dataset, **options: float) -> Holdouts:
    index = AvailabilityIndex.from_interactions(dataset)
    return holdouts(MaskedProtocol.model_validate(options), dataset, index)


def pairs(users: np.ndarray, items: np.ndarray) -> set[tuple[int, int]]:
    return set(zip(users.tolist(), items.tolist(), strict=True))


def hidden(exam: Holdout) -> set[tuple[int, int]]:
    users = np.repeat(exam.requests.users, np.diff(exam.relevant_indptr))
    return pairs(users, exam.relevant)


def test_a_share_of_the_pairs_is_hidden_with_all_their_rows() -> None:
    dataset = log()
    made = cut(dataset, share=0.2)
    everything = pairs(dataset.user, dataset.item)
    assert len(hidden(made.test)) == 20  # a fifth of 100
    assert len(hidden(made.validation)) == 16  # a fifth of the other 80
    kept = pairs(made.test.train.user, made.test.train.item)
    assert kept == everything - hidden(made.test)
    assert len(made.test.train) == 2 * 80


def test_validation_hides_pairs_of_the_training_part_only() -> None:
    made = cut(log(), share=0.2)
    train = pairs(made.validation.train.user, made.validation.train.item)
    assert hidden(made.validation).isdisjoint(hidden(made.test) | train)
    assert len(made.validation.train) == 2 * 64


def test_items_the_user_kept_are_no_candidates() -> None:
    exam = cut(log(), share=0.2).test
    kept = np.array([len(set(exam.train.item[exam.train.user == u])) for u in exam.requests.users])
    assert exam.candidates.sizes().tolist() == (10 - kept).tolist()
    assert not exam.repeat.any()


def test_all_that_was_kept_is_visible_when_the_model_answers() -> None:
    exam = cut(log()).test
    assert (exam.requests.times > exam.history.time.max()).all()
    assert exam.past.sizes(exam.requests).min() > 0


def test_the_same_seed_hides_the_same_pairs_and_another_seed_others() -> None:
    first, again, other = (hidden(cut(log(), seed=s).test) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_share_that_hides_nothing_is_refused() -> None:
    with pytest.raises(SplitError, match=r"hides 0 and 0 of 100 pairs.*masked\.share"):
        cut(log(), share=0.001)


def test_a_share_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(SplitError, match=r"hides 98 and 2 of 100 pairs"):
        cut(log(), share=0.98)
