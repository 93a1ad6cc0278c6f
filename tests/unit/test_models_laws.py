"""Every algorithm keeps the laws."""

from typing import ClassVar

from onstage.models.als import AlsConfig
from onstage.models.bpr import BprConfig
from onstage.models.catalog import ALGORITHMS, ModelConfig
from onstage.models.decayed_popularity import DecayedPopularityConfig
from onstage.models.ease import EaseConfig
from onstage.models.item_knn import ItemKnnConfig
from onstage.models.memory import MemoryConfig
from onstage.models.popularity import PopularityConfig
from onstage.testing.recommenders import RecommenderConformance


class TestPopularity(RecommenderConformance):
    config: ClassVar[ModelConfig] = PopularityConfig()
    personalised = False
    discovers = False


class TestDecayedPopularity(RecommenderConformance):
    config: ClassVar[ModelConfig] = DecayedPopularityConfig(half_life_days=0.5)
    personalised = False
    discovers = False


class TestMemoryByCount(RecommenderConformance):
    config: ClassVar[ModelConfig] = MemoryConfig()
    discovers = False


class TestMemoryByRecency(RecommenderConformance):
    config: ClassVar[ModelConfig] = MemoryConfig(kind="recency", backoff=True)
    discovers = False


class TestMemoryByDecay(RecommenderConformance):
    config: ClassVar[ModelConfig] = MemoryConfig(kind="decay", half_life_days=0.5)
    discovers = False


class TestMemoryByDecayWithBackoff(RecommenderConformance):
    config: ClassVar[ModelConfig] = MemoryConfig(kind="decay", half_life_days=0.5, backoff=True)
    discovers = False


class TestItemKnnByCosine(RecommenderConformance):
    config: ClassVar[ModelConfig] = ItemKnnConfig()


class TestItemKnnByBm25(RecommenderConformance):
    config: ClassVar[ModelConfig] = ItemKnnConfig(similarity="bm25", weighting="linear")


class TestItemKnnByTfidf(RecommenderConformance):
    config: ClassVar[ModelConfig] = ItemKnnConfig(
        similarity="tfidf", weighting="log", own_weight=1.0
    )


class TestItemKnnByJaccard(RecommenderConformance):
    config: ClassVar[ModelConfig] = ItemKnnConfig(similarity="jaccard", shrinkage=1.0)


class TestEase(RecommenderConformance):
    config: ClassVar[ModelConfig] = EaseConfig(regularization=10.0)


class TestEaseWithOwnWeight(RecommenderConformance):
    config: ClassVar[ModelConfig] = EaseConfig(regularization=10.0, own_weight=0.5, weighting="log")


class TestAls(RecommenderConformance):
    config: ClassVar[ModelConfig] = AlsConfig(factors=6, iterations=10)


class TestAlsWithFoldIn(RecommenderConformance):
    config: ClassVar[ModelConfig] = AlsConfig(
        factors=6, iterations=10, weighting="linear", alpha=2.0, fold_in=True
    )


class TestBpr(RecommenderConformance):
    config: ClassVar[ModelConfig] = BprConfig(
        factors=6, iterations=100, learning_rate=0.1, regularization=0.01
    )


def test_every_algorithm_has_its_laws_tested() -> None:
    tested = {law.config.algorithm for law in RecommenderConformance.__subclasses__()}
    assert tested == set(ALGORITHMS)
