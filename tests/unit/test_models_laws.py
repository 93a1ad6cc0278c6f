"""Every algorithm keeps the laws."""

from typing import ClassVar

from onstage.models.als import AlsConfig
from onstage.models.bpr import BprConfig
from onstage.models.catalog import ALGORITHMS, ModelConfig
from onstage.models.decayed_popularity import DecayedPopularityConfig
from onstage.models.ease import EaseConfig
from onstage.models.item_knn import ItemKnnConfig
from onstage.models.memory import MemoryConfig
from onstage.models.mf import MfConfig
from onstage.models.popularity import PopularityConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.ratings.baseline_only import BaselineOnlyConfig
from onstage.models.ratings.co_clustering import CoClusteringConfig
from onstage.models.ratings.knn_baseline import KnnBaselineConfig
from onstage.models.ratings.knn_means import KnnMeansConfig
from onstage.models.ratings.nmf import NmfConfig
from onstage.models.ratings.slope_one import SlopeOneConfig
from onstage.models.ratings.svd import SvdConfig
from onstage.models.ratings.svdpp import SvdppConfig
from onstage.testing.ratings import RatingConformance
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


class TestSvd(RatingConformance):
    config: ClassVar[ModelConfig] = SvdConfig(n_factors=6, n_epochs=150, lr_all=0.02)


class TestSvdWithoutBiases(RatingConformance):
    config: ClassVar[ModelConfig] = SvdConfig(n_factors=6, n_epochs=150, lr_all=0.02, biased=False)


class TestSvdpp(RatingConformance):
    config: ClassVar[ModelConfig] = SvdppConfig(n_factors=6, n_epochs=150, lr_all=0.02)


class TestNmf(RatingConformance):
    config: ClassVar[ModelConfig] = NmfConfig(n_factors=4, n_epochs=60)


class TestNmfWithBiases(RatingConformance):
    config: ClassVar[ModelConfig] = NmfConfig(n_factors=4, n_epochs=60, biased=True)


class TestKnnMeans(RatingConformance):
    config: ClassVar[ModelConfig] = KnnMeansConfig(k=4)


class TestKnnMeansOfItems(RatingConformance):
    config: ClassVar[ModelConfig] = KnnMeansConfig(
        k=5, min_k=2, similarity="cosine", user_based=False
    )


class TestKnnBaseline(RatingConformance):
    config: ClassVar[ModelConfig] = KnnBaselineConfig(k=4, shrinkage=1.0)


class TestKnnBaselineOfItems(RatingConformance):
    config: ClassVar[ModelConfig] = KnnBaselineConfig(
        k=6, min_k=2, similarity="pearson", user_based=False
    )


class TestBaselineOnly(RatingConformance):
    config: ClassVar[ModelConfig] = BaselineOnlyConfig(reg_u=3.0, reg_i=2.0)
    personalised = False
    discovers = False


class TestSlopeOne(RatingConformance):
    config: ClassVar[ModelConfig] = SlopeOneConfig()
    discovers = False


class TestSlopeOneOnAGrid(RatingConformance):
    config: ClassVar[ModelConfig] = SlopeOneConfig(grid=1000)
    discovers = False


class TestCoClustering(RatingConformance):
    config: ClassVar[ModelConfig] = CoClusteringConfig(n_cltr_u=2, n_cltr_i=2)
    discovers = False


class TestCoClusteringOnAGrid(RatingConformance):
    config: ClassVar[ModelConfig] = CoClusteringConfig(grid=100)
    discovers = False


class TestRankerWithoutTrees(RecommenderConformance):
    config: ClassVar[ModelConfig] = RankerConfig(factors=6, ease_items=0)


class TestRankerWithTrees(RecommenderConformance):
    config: ClassVar[ModelConfig] = RankerConfig(
        factors=6, min_events=20, min_rows=2, trees=6, leaves=4, head=6
    )


class TestBprWithLiveNegatives(RecommenderConformance):
    config: ClassVar[ModelConfig] = BprConfig(
        factors=6, iterations=60, learning_rate=0.1, regularization=0.001, negatives="live"
    )


class TestMf(RecommenderConformance):
    config: ClassVar[ModelConfig] = MfConfig(factors=6, regularization=0.1, sparse_rows=0)


class TestMfForSparseUsers(RecommenderConformance):
    config: ClassVar[ModelConfig] = MfConfig(
        factors=6, regularization=0.1, alpha=3.0, sparse_rows=10
    )


def test_every_algorithm_has_its_laws_tested() -> None:
    elsewhere = {"lstm", "sasrec", "liverec"}  # test_models_sequence_laws.py, which needs torch
    tested = {
        law.config.algorithm for law in _laws(RecommenderConformance) if "config" in vars(law)
    }
    assert tested | elsewhere == set(ALGORITHMS)


def _laws(law: type[RecommenderConformance]) -> list[type[RecommenderConformance]]:
    return [law, *(deeper for one in law.__subclasses__() for deeper in _laws(one))]
