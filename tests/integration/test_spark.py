"""ALS on Spark: the same objective as implicit's, and factors that everything else can use."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from onstage.config import PipelineConfig
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError
from onstage.models.als import Als, AlsConfig
from onstage.models.config import FitOptions
from onstage.models.spark import penalty
from onstage.pipeline.extras import need_extras
from onstage.testing.examples import crowd, halves, log, new_in_halves


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spark in a home of its own."""
    pytest.importorskip("pyspark", reason="no pyspark here: pip install 'onstage[spark]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSTAGE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("ONSTAGE_THREADS", "2")
        patch.setenv("ONSTAGE_SPARK_MEMORY", "1g")
        yield


on_spark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("spark"),
    pytest.mark.filterwarnings("default"),  # what Spark warns of is not ours
]


def fitted(data: Dataset, engine: str, seed: int = 1, **config: float) -> Als:
    whole = {"factors": 8, "iterations": 20, "engine": engine, **config}
    return Als(AlsConfig.model_validate(whole)).fit(data, FitOptions(seed=seed, threads=2))


def circle(n: int, width: int) -> Dataset:
    """User u had the items u, u + 1 … u + width - 1, modulo n: all counts are alike."""
    return log([(u, (u + j) % n, 0) for u in range(n) for j in range(width)])


def objective(model: Als, data: Dataset) -> float:
    """What ALS minimises, at the best scale of the two sides."""
    x, y = (np.asarray(f, dtype=np.float64) for f in (model.user_factors, model.item_factors))
    weights = data.matrix.toarray()
    observed = (weights > 0).astype(float)
    confidence = 1 + model.config.alpha * np.log1p(weights)
    loss = float((confidence * (observed - x @ y.T) ** 2).sum())
    return loss + 2 * model.config.regularization * float(np.linalg.norm(x) * np.linalg.norm(y))


def test_the_penalty_is_shared_out_over_the_pairs() -> None:
    """100 users with 6 pairs each, 50 items with 12 each: 0.3 / sqrt(6 * 12)."""
    assert penalty(0.3, (100, 50), 600) == pytest.approx(0.3 / np.sqrt(72))


def test_the_same_confidence_for_all_is_refused_for_spark() -> None:
    with pytest.raises(ValidationError, match="alpha 0 gives every pair the same confidence"):
        AlsConfig(engine="spark", alpha=0)
    assert AlsConfig(alpha=0).engine == "implicit"


def test_spark_that_is_not_installed_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    data = {"preset": "kumu", "folder": "nowhere"}
    sweep = {"algorithms": {"als": {"fixed": {"engine": "spark"}}}}
    config = PipelineConfig.model_validate({"name": "little", "data": data, "sweep": sweep})
    with pytest.raises(ConfigError, match=r"sweep.algorithms.als: .* `pip install 'onstage\[spark"):
        need_extras(config)


class TestOnSpark:
    pytestmark = on_spark

    def test_both_engines_reach_the_same_objective_where_all_counts_are_alike(self) -> None:
        data = circle(60, 8)
        ours, sparks = (fitted(data, one, regularization=2.0) for one in ("implicit", "spark"))
        assert objective(sparks, data) == pytest.approx(objective(ours, data), rel=0.01)

    def test_it_recommends_what_the_likes_of_a_user_have(self) -> None:
        data = halves(20)
        model = fitted(data, "spark", factors=4)
        for user in range(20):
            seen = data.matrix[user].indices
            scores = model.user_factors[user] @ model.item_factors.T
            scores[seen] = -np.inf
            assert data.items[int(np.argmax(scores))] == new_in_halves(user, 20)

    def test_the_same_seed_gives_the_same_factors_and_another_gives_others(self) -> None:
        data = crowd(1, users=60, items=40, rows=900)
        one, two = (fitted(data, "spark", seed=3).item_factors for _ in range(2))
        np.testing.assert_allclose(one, two, atol=1e-4)
        assert not np.allclose(one, fitted(data, "spark", seed=4).item_factors, atol=1e-4)

    def test_its_factors_are_plain_arrays_that_are_restored_without_spark(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = crowd(2, users=30, items=20, rows=300)
        model = fitted(data, "spark", fold_in=True)
        state = {name: np.array(values) for name, values in model.state().items()}
        assert not any(values.dtype == object for values in state.values())
        monkeypatch.setitem(sys.modules, "pyspark", None)
        again = Als(model.config)
        again.restore(data, state)
        users = data.users[:5]
        np.testing.assert_array_equal(_scores(again, users), _scores(model, users))

    def test_users_and_items_without_a_pair_have_no_factors(self) -> None:
        data = log([(u, i, 0) for u in range(6) for i in range(5)], items=list(range(9)))
        model = fitted(data, "spark", factors=2)
        assert model.item_factors.shape == (9, 2)
        assert not model.item_factors[5:].any()
        assert model.item_factors[:5].any(axis=1).all()


def _scores(model: Als, users: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.asarray(model.recommend(users, k=5)["score"])


MAIN = """
import sys
import numpy as np
from onstage.models.als import Als, AlsConfig
from onstage.models.config import FitOptions
from onstage.testing.examples import crowd
config = AlsConfig(factors=4, iterations=6, engine="spark")
model = Als(config).fit(crowd(1, users=40, items=30, rows=600), FitOptions(seed=1))
np.save(sys.argv[1], model.user_factors @ model.item_factors.T)
"""


def scored(folder: Path, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """ALS on Spark in a process of its own: a process has one session."""
    env = {**os.environ, "ONSTAGE_HOME": str(folder), "ONSTAGE_SPARK_MEMORY": "1g", **environment}
    command = [sys.executable, "-c", MAIN, str(folder / name)]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300
    )


class TestOnACluster:
    pytestmark = on_spark

    def test_executors_of_their_own_learn_what_one_process_learns(self, tmp_path: Path) -> None:
        """Two workers with one core and 1024 MB each, as processes, and a driver."""
        one = scored(tmp_path, "one.npy", ONSTAGE_SPARK_MASTER="local[2]")
        assert one.returncode == 0, one.stderr
        two = scored(tmp_path, "two.npy", ONSTAGE_SPARK_MASTER="local-cluster[2,1,1024]")
        assert two.returncode == 0, two.stderr
        np.testing.assert_allclose(
            np.load(tmp_path / "one.npy"), np.load(tmp_path / "two.npy"), atol=1e-3
        )

    def test_java_that_is_not_there_is_said_in_one_line(self, tmp_path: Path) -> None:
        found = scored(tmp_path, "none.npy", JAVA_HOME=str(tmp_path))
        assert found.returncode == 1
        last = found.stderr.strip().splitlines()[-1]
        assert "engine spark: no session at local[" in last
        assert "check Java (17 or later" in last
