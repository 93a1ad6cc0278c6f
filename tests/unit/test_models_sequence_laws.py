"""The sequence models keep the laws of all recommenders.

Not those of discovery, which ask for what is missing from a set: these models say what comes next
(``test_models_sequence.py``).
"""

from typing import Any, ClassVar

import pytest

from onstage.models.catalog import ModelConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.sequence.config import LiverecConfig, LstmConfig, SasrecConfig
from onstage.testing.recommenders import RecommenderConformance


pytest.importorskip("torch", reason="needs torch: pip install 'onstage[deep]'")

SMALL: dict[str, Any] = {
    "dimensions": 8,
    "window": 10,
    "epochs": 3,
    "learning_rate": 0.02,
    "dropout": 0.2,
    "batch": 8,
}


class TestLstm(RecommenderConformance):
    config: ClassVar[ModelConfig] = LstmConfig(**SMALL)
    discovers = False


class TestSasrec(RecommenderConformance):
    config: ClassVar[ModelConfig] = SasrecConfig(**SMALL, heads=2, blocks=1)
    discovers = False


class TestLiverec(RecommenderConformance):
    config: ClassVar[ModelConfig] = LiverecConfig(**SMALL, heads=2, blocks=1)
    discovers = False


class TestRankerWithSequence(RecommenderConformance):
    config: ClassVar[ModelConfig] = RankerConfig(
        factors=6,
        min_events=20,
        min_rows=2,
        trees=6,
        leaves=4,
        head=6,
        sequence=SasrecConfig(
            dimensions=8, window=10, heads=2, blocks=1, epochs=2, learning_rate=0.02, batch=8
        ),
    )
