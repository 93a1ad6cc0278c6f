"""What every recommender must do: subclass, name a configuration, inherit the tests."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import NotFittedError
from onstage.models.base import Recommender
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.saving import load_model, save_model
from onstage.testing.examples import checkerboard, crowd, halves, log, new_in_halves
from onstage.types import Scores


NEW_ONLY = RepeatPolicy(kind="exclude")
NOW = 25
"""An hour in the middle of :func:`onstage.testing.examples.crowd`."""


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Assert that two lists of recommendations are equal, to the last bit."""
    assert len(one)
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def scores_of(model: Recommender[Any], requests: Requests, pool: Candidates) -> Scores:
    """All scores as one dense array, ``nan`` where a pair is no candidate."""
    dense = np.full((len(requests), model.dataset.n_items), np.nan, dtype=np.float32)
    for rows, items, scores in model.scored(requests, pool):
        dense[np.ix_(rows, items)] = scores
    return dense


class RecommenderConformance:
    """Laws that hold for every algorithm.

    Attributes
    ----------
    config
        What is tested.
    personalised
        Whether users get different lists.
    discovers
        Whether it can tell apart items that the user never had.
    popular
        What strangers are answered by: training ``rows`` of the item, or the ``weight`` of them.
    """

    config: ClassVar[ModelConfig]
    personalised: ClassVar[bool] = True
    discovers: ClassVar[bool] = True
    popular: ClassVar[Literal["rows", "weight"]] = "rows"

    @pytest.fixture
    def model(self) -> Recommender[Any]:
        return build(self.config)

    def test_finds_the_held_out_item(self, model: Recommender[Any]) -> None:
        if not self.discovers:
            pytest.skip("knows nothing of what a user never had")
        top = model.fit(checkerboard(20)).recommend(range(20), k=1, repeat=NEW_ONLY)
        assert top[Columns.ITEM].tolist() == list(range(20))

    def test_users_and_items_are_never_transposed(self, model: Recommender[Any]) -> None:
        if not self.discovers:
            pytest.skip("knows nothing of what a user never had")
        top = model.fit(halves(20)).recommend(range(20), k=1, repeat=NEW_ONLY)
        assert top[Columns.ITEM].tolist() == [new_in_halves(u, 20) for u in range(20)]

    def test_only_personal_models_tell_users_apart(self, model: Recommender[Any]) -> None:
        scores = model.fit(halves(8)).score([0, 7], range(8))
        assert np.array_equal(scores[0], scores[1]) != self.personalised

    def test_ranks_count_from_one_and_scores_fall(self, model: Recommender[Any]) -> None:
        top = model.fit(checkerboard(10)).recommend([0, 1], k=3)
        assert top[Columns.USER].tolist() == [0, 0, 0, 1, 1, 1]
        for _, one in top.groupby(Columns.USER):
            assert one[Columns.RANK].tolist() == [1, 2, 3]
            assert one[Columns.SCORE].is_monotonic_decreasing

    def test_never_recommends_the_seen_when_that_is_excluded(self, model: Recommender[Any]) -> None:
        data = crowd(0)
        top = model.fit(data).recommend(data.users, k=99, repeat=NEW_ONLY)
        pairs = set(zip(data.users[data.user], data.items[data.item], strict=True))
        assert len(top)
        assert pairs.isdisjoint(zip(top[Columns.USER], top[Columns.ITEM], strict=True))

    def test_a_cool_down_is_half_open(self, model: Recommender[Any]) -> None:
        data = log([(0, "old", 0), (0, "new", 6), (1, "old", 0), (1, "new", 1), (1, "third", 2)])
        policy = RepeatPolicy(kind="cooldown", cooldown_hours=4)
        model.fit(data)
        for at, allowed in ((9, {"old", "third"}), (10, {"old", "new", "third"})):
            top = model.recommend([0], k=9, at=at, repeat=policy)
            assert set(top[Columns.ITEM]) == allowed

    def test_recommends_candidates_only(self, model: Recommender[Any]) -> None:
        top = model.fit(checkerboard(10)).recommend([0], k=10, candidates=[3, 5, 4, 77])
        assert set(top[Columns.ITEM]) == {3, 4, 5}

    def test_recommends_the_live_only_and_no_more_than_there_are(
        self, model: Recommender[Any]
    ) -> None:
        data = crowd(1)
        index = AvailabilityIndex.from_interactions(data)
        live = set(data.items[index.live_at(NOW)])
        top = model.fit(data).recommend([3, 4], k=99, at=NOW, availability=index)
        assert 0 < len(live) < data.n_items
        for _, one in top.groupby(Columns.USER):
            assert set(one[Columns.ITEM]) == live
            assert one[Columns.RANK].tolist() == list(range(1, len(live) + 1))

    def test_nobody_live_is_an_empty_list(self, model: Recommender[Any]) -> None:
        top = model.fit(checkerboard(6)).recommend([0, 1], k=3, candidates=[])
        assert list(top.columns[:4]) == [
            Columns.USER, Columns.ITEM, Columns.SCORE, Columns.RANK,
        ]  # fmt: skip
        assert top.empty

    def test_a_batch_is_its_users_one_by_one(self, model: Recommender[Any]) -> None:
        model.fit(crowd(2))
        single = pd.concat([model.recommend([u], k=4) for u in (4, 99, 7)], ignore_index=True)
        pd.testing.assert_frame_equal(model.recommend([4, 99, 7], k=4), single, rtol=1e-4)

    def test_blocks_and_pairs_score_alike(self, model: Recommender[Any]) -> None:
        data = crowd(3)
        requests = Requests(np.array([-1, *data.user[60:90]]), np.array([NOW, *data.time[60:90]]))
        model.fit(data)
        shared = Candidates.shared(np.arange(2, 12), len(requests))
        shared = shared.without(np.array([3, 3, 7]), np.array([11, 4, 0]))
        n = len(requests)
        own = Candidates(
            np.arange(n + 1) * 10, np.tile(shared.items, n), np.arange(n),
            shared.excluded_request, shared.excluded_item,
        )  # fmt: skip
        expected = scores_of(model, requests, shared)
        assert np.isnan(expected).sum() == n * (data.n_items - 10) + 2
        np.testing.assert_allclose(scores_of(model, requests, own), expected, rtol=1e-4, atol=1e-6)

    def test_strangers_get_what_is_popular_among_the_live(self, model: Recommender[Any]) -> None:
        data = crowd(4)
        live = [2, 9, 5, 0]
        top = model.fit(data).recommend([99, 3], k=4, candidates=live)
        stranger = top[top[Columns.USER] == 99]
        total = None if self.popular == "rows" else data.weight
        counts = np.bincount(data.item, total, minlength=data.n_items)
        count = dict(zip(data.items, counts, strict=True))
        assert stranger[Columns.ITEM].tolist() == sorted(live, key=lambda i: -count[i])
        assert stranger[Columns.SCORE].tolist() == sorted((count[i] for i in live), reverse=True)
        assert top[Columns.FALLBACK].tolist() == [True] * 4 + [False] * 4
        assert np.isnan(model.score([99], [0])).all()
        assert np.isnan(model.score([3], [99])).all()

    def test_requests_never_see_rows_at_or_after_their_time(self, model: Recommender[Any]) -> None:
        for seed in range(5, 8):
            data = crowd(seed)
            past = data.where(data.time < NOW)
            model.fit(data.where(data.time < NOW - 10))
            requests = Requests(np.arange(data.n_users), np.full(data.n_users, NOW))
            pool = Candidates.shared(np.arange(data.n_items), data.n_users)
            before = scores_of(model.observe(past), requests, pool)
            after = scores_of(model.observe(data), requests, pool)
            np.testing.assert_array_equal(before, after)

    def test_a_second_fit_forgets_the_first(self, model: Recommender[Any]) -> None:
        fresh = build(self.config).fit(checkerboard(8))
        again = model.fit(checkerboard(6)).fit(checkerboard(8))
        same(fresh.recommend([7], k=4), again.recommend([7], k=4))

    def test_the_same_seed_gives_the_same_model_on_any_number_of_threads(
        self, model: Recommender[Any]
    ) -> None:
        data = crowd(8)
        one = model.fit(data, FitOptions(seed=3, threads=1)).recommend(data.users, k=5)
        two = build(self.config).fit(data, FitOptions(seed=3, threads=2))
        same(one, two.recommend(data.users, k=5))

    def test_the_seed_matters_where_the_model_says_so(self, model: Recommender[Any]) -> None:
        data = crowd(8)
        one = dict(model.fit(data, FitOptions(seed=3)).state())
        two = build(self.config).fit(data, FitOptions(seed=4)).state()
        same = all(np.array_equal(values, two[name]) for name, values in one.items())
        assert same != model.stochastic

    def test_stopping_between_iterations_changes_nothing(self, model: Recommender[Any]) -> None:
        data = crowd(9)
        looks = [
            len(model.recommend(data.users, k=3))
            for _ in model.iterations(data, FitOptions(seed=1))
        ]
        assert set(looks) == {3 * data.n_users}
        whole = build(self.config).fit(data, FitOptions(seed=1))
        same(model.recommend(data.users, k=5), whole.recommend(data.users, k=5))

    def test_the_state_is_all_there_is(self, model: Recommender[Any]) -> None:
        data = crowd(10)
        model.fit(data)
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **model.state())
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as state:
            copy = build(self.config).restore(data, dict(state))
        same(model.recommend(data.users, k=5), copy.recommend(data.users, k=5))

    def test_a_saved_model_answers_as_before(self, model: Recommender[Any], tmp_path: Path) -> None:
        model.fit(crowd(11))
        save_model(model, tmp_path / "model")
        copy = load_model(tmp_path / "model")
        assert copy.config == self.config
        same(model.recommend([3, 99], k=5), copy.recommend([3, 99], k=5))

    def test_the_configuration_survives_json(self) -> None:
        config = self.config
        assert type(config).model_validate_json(config.model_dump_json()) == config

    def test_every_hyperparameter_is_described(self) -> None:
        for name, field in type(self.config).model_fields.items():
            assert name == "algorithm" or field.description, name

    @pytest.mark.parametrize("kind", ["strings", "large and negative"])
    def test_identifiers_are_only_names(self, model: Recommender[Any], kind: str) -> None:
        data = crowd(12)
        plain = model.fit(data).recommend([0, 3], k=4)
        users, items = renamed(data, kind)
        names = replace(data, users=users, items=items)
        top = build(self.config).fit(names).recommend(users[[0, 3]], k=4)
        positions = data.item_positions(plain[Columns.ITEM].to_numpy())
        assert top[Columns.USER].tolist() == [users[u] for u in plain[Columns.USER]]
        assert top[Columns.ITEM].tolist() == [items[i] for i in positions]

    def test_refuses_to_answer_before_it_is_fitted(self, model: Recommender[Any]) -> None:
        name = self.config.algorithm
        with pytest.raises(NotFittedError, match=rf"{name} is not fitted: call fit\(\) first"):
            model.recommend([0], k=1)

    def test_refuses_an_empty_list(self, model: Recommender[Any]) -> None:
        with pytest.raises(ValueError, match="k must be at least 1, got 0"):
            model.fit(checkerboard(6)).recommend([0], k=0)


def renamed(data: Dataset, kind: str) -> tuple[pd.Index, pd.Index]:
    """Other identifiers for the same positions, in an order that is not theirs."""
    if kind == "strings":
        return (
            pd.Index([f"u{u % 7}-{u}" for u in range(data.n_users)]),
            pd.Index([f"{i * 13 % 17} items" for i in range(data.n_items)]),
        )
    return (
        pd.Index([(-1) ** u * (2**62 - u) for u in range(data.n_users)]),
        pd.Index([(-1) ** i * (2**53 + 1 + i) for i in range(data.n_items)]),
    )
