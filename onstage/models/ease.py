"""A linear item-to-item model in closed form."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt
from scipy import sparse
from scipy.linalg import lapack
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, FitError
from onstage.models.config import FitOptions
from onstage.models.item_to_item import ItemToItem, ItemToItemConfig
from onstage.models.state import State
from onstage.models.weighting import weigh
from onstage.types import Positions, Scores


GATHERED_CELLS = 1 << 22
"""Most weights copied at once when scoring."""

FEW_USERS = 2
"""With fewer users than items by this factor, a matrix of users is inverted."""


class EaseConfig(ItemToItemConfig):
    """Configuration of :class:`Ease`."""

    algorithm: Literal["ease"] = "ease"
    regularization: PositiveFloat = 200.0
    r"""L2 penalty :math:`\lambda` added to the diagonal of the Gram matrix."""
    max_items: PositiveInt = 20_000
    """Refuse more trained items than this: fitting holds ``12 * n_items ** 2`` bytes, 4.8 GB here,
    and takes time that grows with the cube."""


class Ease(ItemToItem[EaseConfig]):
    r"""Regress every item on all others, with no item allowed to explain itself.

    With :math:`P = (X^\top X + \lambda I)^{-1}` the weights are :math:`B_{ij} = -P_{ij} / P_{jj}`
    and :math:`B_{jj} = 0`; the scores of a history :math:`x` are :math:`x B`.

    Notes
    -----
    Memory: ``12 * n ** 2`` bytes while fitting, ``4 * n ** 2`` afterwards, `n` the items with
    training rows.

    References
    ----------
    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8.
    """

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        self._items = np.flatnonzero(dataset.item_counts)
        if len(self._items) > self.config.max_items:
            message = (
                f"ease: {len(self._items)} trained items, max_items is {self.config.max_items}; "
                "raise it if there is memory, or use item_knn or als"
            )
            raise ConfigError(message)
        matrix = weigh(dataset.matrix, self.config.weighting)[:, self._items]
        self._weights = _weights(matrix, self.config.regularization)
        self._index(dataset)

    def _index(self, dataset: Dataset) -> None:
        self._place = np.zeros(dataset.n_items, dtype=np.int64)
        self._place[self._items] = np.arange(len(self._items))

    @override
    def _spread(self, profile: sparse.csr_matrix, items: Positions) -> Scores:
        trained = profile[:, self._items]
        used = np.unique(trained.indices)
        compact, place = trained[:, used], self._place[items]
        scores = np.empty((profile.shape[0], len(items)), dtype=np.float32)
        step = max(1, GATHERED_CELLS // max(1, len(used)))
        for low in range(0, len(items), step):
            some = slice(low, low + step)
            scores[:, some] = compact @ self._weights[np.ix_(used, place[some])]
        return scores

    @override
    def _similarity(self, items: Positions) -> Scores:
        similarity = np.zeros((len(items), len(self._place)), dtype=np.float32)
        similarity[:, self._items] = self._weights[self._place[items]]
        return similarity

    @override
    def _state(self) -> State:
        return {"items": self._items, "weights": self._weights}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._items, self._weights = state["items"], state["weights"]
        self._index(dataset)


def _weights(matrix: sparse.csr_matrix, regularization: float) -> NDArray[np.float32]:
    """Equation 8 of the paper, shape (n_items, n_items)."""
    matrix = matrix[np.flatnonzero(np.diff(matrix.indptr))]
    if FEW_USERS * matrix.shape[0] < matrix.shape[1]:
        return _weights_by_users(matrix.astype(np.float64), regularization)
    inverse = _inverse(_gram(matrix, regularization))
    diagonal = inverse.diagonal().copy()
    weights = np.empty(inverse.shape, dtype=np.float32)
    np.divide(inverse, -diagonal, out=weights, casting="same_kind")
    np.fill_diagonal(weights, 0.0)
    return weights


def _weights_by_users(matrix: sparse.csr_matrix, regularization: float) -> NDArray[np.float32]:
    r"""The same where users are few: a matrix of users is inverted instead of one of items.

    With :math:`A = (X X^T + \lambda I)^{-1} X`, the inverse of the Gram matrix is
    :math:`P = (I - X^T A) / \lambda` (Woodbury), so :math:`B_{ij}` is
    :math:`(X^T A)_{ij} / (\lambda P_{jj})`.
    """
    n = matrix.shape[1]
    transposed = matrix.T.tocsr()
    inverse = _inverse(_gram(transposed, regularization))
    solved = (transposed @ inverse).T
    shrunk = (
        1 - np.asarray(matrix.multiply(solved).sum(axis=0)).ravel()
    )  # lambda times P's diagonal
    weights = np.empty((n, n), dtype=np.float32)
    step = max(1, GATHERED_CELLS // max(1, n))
    for low in range(0, n, step):
        some = slice(low, low + step)
        weights[:, some] = transposed @ solved[:, some] / shrunk[some]
    np.fill_diagonal(weights, 0.0)
    return weights


def _gram(matrix: sparse.csr_matrix, regularization: float) -> NDArray[np.float64]:
    n = matrix.shape[1]
    matrix = matrix.astype(np.float64)
    transposed = matrix.T.tocsr()
    gram = np.empty((n, n), order="F")
    step = max(1, GATHERED_CELLS // max(1, n))
    for low in range(0, n, step):  # symmetric: columns are rows
        gram[:, low : low + step] = (transposed[low : low + step] @ matrix).toarray().T
    gram[np.diag_indices(n)] += regularization
    return gram


def _inverse(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert a symmetric positive definite matrix in place."""
    if len(gram) == 0:
        return gram
    factor, failed = lapack.dpotrf(gram, lower=1, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed:
        message = "ease: the Gram matrix cannot be inverted; use more regularization"
        raise FitError(message)
    for column in range(len(inverse) - 1):  # LAPACK fills the lower triangle only
        inverse[column, column + 1 :] = inverse[column + 1 :, column]
    return np.asarray(inverse)
