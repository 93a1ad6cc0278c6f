"""Items that the same users had."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from scipy import sparse
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.models.config import FitOptions
from onstage.models.item_to_item import ItemToItem, ItemToItemConfig
from onstage.models.similarity import Kernel, Similarity, nearest
from onstage.models.state import State, pack, unpack
from onstage.models.weighting import weigh
from onstage.types import Positions, Scores


class ItemKnnConfig(ItemToItemConfig):
    """Configuration of :class:`ItemKnn`."""

    algorithm: Literal["item_knn"] = "item_knn"
    similarity: Similarity = "cosine"
    """``cosine``, ``tfidf`` (cosine of square roots of weights times idf), ``bm25`` (dot product of
    BM25 weights) or ``jaccard`` (users in common by users of either)."""
    neighbours: PositiveInt = 100
    """Most similar items kept of each item."""
    shrinkage: NonNegativeFloat = 0.0
    """Added to the divisor of a similarity, so that few users in common count less."""
    bm25_k1: PositiveFloat = 1.2
    """With ``bm25``: above it, more weight of one pair adds little."""
    bm25_b: Annotated[float, Field(ge=0, le=1)] = 0.75
    """With ``bm25``: how much popular items are held back, from 0 to 1."""


class ItemKnn(ItemToItem[ItemKnnConfig]):
    r"""Score an item by the sum of its similarities to what the user had.

    :math:`s(u, i) = \sum_{j \in N_k(i)} \mathrm{sim}(i, j)\, x_{uj}` with :math:`N_k(i)` the `k`
    most similar other items of `i`.

    References
    ----------
    Sarwar, Karypis, Konstan, Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms",
    WWW 2001. Weights of ``tfidf`` and ``bm25`` as in implicit (items are the documents, users the
    terms); deviation: an idf below 0 counts as 0.
    """

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        config = self.config
        items = weigh(dataset.matrix, config.weighting).T.tocsr()
        kernel = Kernel.of(
            items,
            config.similarity,
            shrinkage=config.shrinkage,
            k1=config.bm25_k1,
            b=config.bm25_b,
        )
        self._neighbours = nearest(kernel, config.neighbours)

    @override
    def _spread(self, profile: sparse.csr_matrix, items: Positions) -> Scores:
        scores = (self._neighbours[items] @ profile.T.tocsr()).toarray().T
        return np.ascontiguousarray(scores, dtype=np.float32)

    @override
    def _similarity(self, items: Positions) -> Scores:
        similarity = self._neighbours[items].toarray()
        return np.where(similarity > 0, similarity, np.nan).astype(np.float32)

    @override
    def _state(self) -> State:
        return pack(self._neighbours, "neighbours")

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._neighbours = unpack(state, "neighbours")
