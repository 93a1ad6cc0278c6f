"""ALS and BPR: implicit's engines, our guarantees."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import ContractError, FitError
from onstage.models import als
from onstage.models.als import Als, AlsConfig
from onstage.models.blas import single_blas
from onstage.models.bpr import Bpr, BprConfig
from onstage.models.config import FitOptions
from onstage.seeds import generator, integer
from onstage.testing.examples import crowd, log


def blas_threads() -> set[int]:
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_als_learns_what_bare_implicit_learns() -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    data = crowd(0, users=40, items=30, rows=600)
    ours = Als(
        AlsConfig(factors=8, iterations=4, alpha=3.0, weighting="linear", regularization=0.5)
    )
    ours.fit(data, FitOptions(seed=7))
    weights = data.matrix.copy()
    weights.data = 1 + 3 * weights.data  # Hu, Koren, Volinsky: c = 1 + alpha * r
    with threadpool_limits(1, "blas"):
        bare = AlternatingLeastSquares(
            factors=8,
            iterations=4,
            regularization=0.5,
            num_threads=1,
            random_state=integer(generator(7, "fit", "als")),
        )
        bare.fit(weights, show_progress=False)
    np.testing.assert_array_equal(ours.user_factors, bare.user_factors)
    np.testing.assert_array_equal(ours.item_factors, bare.item_factors)


def test_als_is_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(als, "SMALL", 0)
    data = crowd(1, users=300, items=200, rows=6000)
    config = AlsConfig(factors=12, iterations=3)
    one = Als(config).fit(data, FitOptions(seed=1, threads=1))
    three = Als(config).fit(data, FitOptions(seed=1, threads=3))
    np.testing.assert_array_equal(one.item_factors, three.item_factors)
    other = Als(config).fit(data, FitOptions(seed=2, threads=1))
    assert not np.array_equal(one.item_factors, other.item_factors)


@pytest.mark.parametrize(
    "model", [Als(AlsConfig(factors=4, iterations=6)), Bpr(BprConfig(factors=4, iterations=6))]
)
def test_a_fit_left_early_is_a_shorter_fit(model: Als | Bpr) -> None:
    data = crowd(2)
    for iteration in model.iterations(data, FitOptions(seed=5)):
        if iteration == 2:
            break
    short = type(model)(model.config.model_copy(update={"iterations": 2}))  # type: ignore[arg-type]
    short.fit(data, FitOptions(seed=5))
    np.testing.assert_array_equal(model.item_factors, short.item_factors)


def test_fold_in_solves_the_users_own_equation() -> None:
    data = crowd(3)
    config = AlsConfig(factors=5, iterations=8, alpha=4.0, weighting="log", fold_in=True)
    model = Als(config).fit(data)
    items, user = model.item_factors.astype(float), 2
    weights = data.matrix[user].toarray()[0]
    confidence = np.where(weights > 0, 1 + 4 * np.log1p(weights), 1.0)
    left = items.T @ (confidence[:, None] * items) + config.regularization * np.eye(5)
    vector = np.linalg.solve(left, items.T @ (confidence * (weights > 0)))
    np.testing.assert_allclose(
        model.score([user], data.items)[0], items @ vector, rtol=2e-3, atol=2e-4
    )


def test_fold_in_knows_who_came_after_training() -> None:
    data = crowd(4)
    late = data.user == 5
    config = AlsConfig(factors=4, iterations=4)
    fixed = Als(config).fit(data.where(~late)).observe(data)
    folded = Als(config.model_copy(update={"fold_in": True})).fit(data.where(~late)).observe(data)
    assert fixed.recommend([5], k=3)["fallback"].all()
    assert not folded.recommend([5], k=3)["fallback"].any()


def test_weights_mean_what_their_names_say() -> None:
    data = log([(0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 1, 0)])  # user 0 had item 0 three times
    fitted = {
        kind: Als(AlsConfig(factors=1, iterations=1, weighting=kind)).fit(data).user_factors[0, 0]  # type: ignore[arg-type]
        for kind in ("binary", "log", "linear")
    }
    assert len(set(fitted.values())) == 3


def test_a_dislike_is_refused() -> None:
    table = crowd(5)
    sour = Dataset(
        table.users, table.items, table.clock, table.user, table.item, table.time, -table.weight
    )
    with pytest.raises(ContractError, match=r"weight -\d+: weights of interactions must be 0"):
        Als(AlsConfig(factors=2)).fit(sour)


def test_factors_that_explode_are_an_error() -> None:
    with pytest.raises(FitError, match="bpr: factors are not finite"):
        Bpr(BprConfig(factors=4, learning_rate=1e20, iterations=5)).fit(crowd(6))
    with pytest.raises(FitError, match="als: factors are not finite"):
        Als(AlsConfig(factors=4, alpha=1e38, weighting="linear")).fit(crowd(6))


def test_candidates_of_one_request_are_scored_by_their_dot_products() -> None:
    data = crowd(7)
    model = Als(AlsConfig(factors=4, iterations=2)).fit(data)
    requests = Requests(np.array([3, 1]), np.array([10, 11]))
    pool = Candidates(np.array([0, 2, 5]), np.array([4, 6, 0, 1, 2]), np.array([0, 1]))
    answers = {
        int(rows[0]): (items, scores) for rows, items, scores in model.scored(requests, pool)
    }
    for request, user, wanted in ((0, 3, [4, 6]), (1, 1, [0, 1, 2])):
        items, scores = answers[request]
        assert items.tolist() == wanted
        expected = model.item_factors[wanted] @ model.user_factors[user]
        np.testing.assert_allclose(scores[0], expected, rtol=1e-5)


def test_similar_items_point_the_same_way() -> None:
    model = Als(AlsConfig(factors=4, iterations=3)).fit(crowd(8))
    top = model.similar_items([0, 4], k=3)
    assert top["item_id"].tolist() == [0, 0, 0, 4, 4, 4]
    assert top["rank"].tolist() == [1, 2, 3] * 2
    assert (top["item_id"] != top["similar_item_id"]).all()
    one, other = (model.item_factors[top.loc[0, name]] for name in ("item_id", "similar_item_id"))
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert top.loc[0, "score"] == pytest.approx(cosine, rel=1e-5)


def test_blas_is_limited_inside_and_given_back_after() -> None:
    with single_blas():
        pass  # implicit's libraries are loaded now
    before = blas_threads()

    def inside(_: int) -> set[int]:
        with single_blas(), single_blas():
            return blas_threads()

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(inside, range(40))) == {1}
    assert blas_threads() == before


def test_a_fresh_process_with_free_blas_threads_fits_without_a_warning() -> None:
    code = (
        "from onstage.testing.examples import crowd\n"
        "from onstage.models.als import Als, AlsConfig\n"
        "Als(AlsConfig(factors=4, iterations=2, fold_in=True)).fit(crowd(0)).recommend([0], k=2)\n"
    )
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**free, "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
