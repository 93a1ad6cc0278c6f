"""The nearest neighbours of every item, exactly, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


Similarity: TypeAlias = Literal["cosine", "bm25", "tfidf", "jaccard"]
"""Which similarity of two items' users."""

PRODUCTS = 1 << 22
"""Most products of one block: at most 48 MiB."""


@dataclass(frozen=True)
class Kernel:
    """A similarity of sparse rows, written as dot products and the norms of the rows.

    Attributes
    ----------
    rows : csr_matrix of float32, shape (n_items, n_users)
    norms : ndarray of float32, shape (n_items,)
    jaccard
        Divide by the size of the union; otherwise by the product of the norms.
    shrinkage
        Added to the divisor.
    """

    rows: sparse.csr_matrix
    norms: NDArray[np.float32]
    jaccard: bool
    shrinkage: float

    @classmethod
    def of(
        cls, items: sparse.csr_matrix, kind: Similarity, *, shrinkage: float, k1: float, b: float
    ) -> "Kernel":
        """Weigh `items` (weights, shape (n_items, n_users)) for a similarity."""
        if kind == "jaccard":
            rows = items.copy()
            rows.data = np.ones_like(rows.data)
            return cls(
                rows, np.diff(rows.indptr).astype(np.float32), jaccard=True, shrinkage=shrinkage
            )
        if kind == "bm25":
            rows = _bm25(items, k1, b)
            return cls(rows, np.ones(rows.shape[0], np.float32), jaccard=False, shrinkage=shrinkage)
        rows = _tfidf(items) if kind == "tfidf" else items
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        return cls(rows, norms.astype(np.float32), jaccard=False, shrinkage=shrinkage)

    def values(
        self, dots: NDArray[np.float32], row: NDArray[np.int64], column: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Similarities from dot products; 0 where the divisor is."""
        one, other = self.norms[row], self.norms[column]
        divisor = one + other - dots if self.jaccard else one * other
        divisor = divisor + np.float32(self.shrinkage)
        found = np.divide(dots, divisor, out=np.zeros_like(dots), where=divisor > 0)
        return np.asarray(found, dtype=np.float32)


def nearest(kernel: Kernel, k: int) -> sparse.csr_matrix:
    """The `k` most similar other items of each item; only similarities above 0.

    Returns
    -------
    csr_matrix of float32, shape (n_items, n_items)
        Row `i` holds the neighbours of item `i`.

    Notes
    -----
    Exact: all pairs with a common user are compared. Time is that of the sum over users of the
    squared number of their items; memory that of the result plus :data:`PRODUCTS` (or of one row).
    """
    n = kernel.rows.shape[0]
    columns = kernel.rows.T.tocsr()
    parts = [_block(kernel, columns, low, high, k) for low, high in _blocks(kernel.rows, columns)]
    if not parts:
        return sparse.csr_matrix((n, n), dtype=np.float32)
    found = sparse.vstack(parts, format="csr")
    found.sort_indices()
    return found


def _blocks(rows: sparse.csr_matrix, columns: sparse.csr_matrix) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose products are few enough to hold."""
    users = np.diff(columns.indptr)
    cost = np.concatenate(([0], np.cumsum(users[rows.indices], dtype=np.int64)))[rows.indptr]
    low = 0
    while low < rows.shape[0]:
        high = int(np.searchsorted(cost, cost[low] + PRODUCTS, side="right")) - 1
        high = max(high, low + 1)
        yield low, high
        low = high


def _block(
    kernel: Kernel, columns: sparse.csr_matrix, low: int, high: int, k: int
) -> sparse.csr_matrix:
    dots = kernel.rows[low:high] @ columns
    row = np.repeat(np.arange(low, high), np.diff(dots.indptr))
    column = dots.indices.astype(np.int64)
    values = kernel.values(dots.data, row, column)
    values[row == column] = 0.0
    keep = _top(values, dots.indptr, k) & (values > 0)
    indptr = np.concatenate(([0], np.cumsum(keep)))[dots.indptr]
    return sparse.csr_matrix((values[keep], column[keep], indptr), shape=dots.shape)


def _top(values: NDArray[np.float32], indptr: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Mark the `k` largest values of each row; of equal ones the first stored."""
    keep = np.ones(len(values), dtype=np.bool_)
    for line in np.flatnonzero(np.diff(indptr) > k):
        start, stop = indptr[line], indptr[line + 1]
        one = values[start:stop]
        edge = np.partition(one, len(one) - k)[len(one) - k]
        above, equal = one > edge, one == edge
        keep[start:stop] = above | (equal & (np.cumsum(equal) <= k - above.sum()))
    return keep


def _idf(items: sparse.csr_matrix) -> NDArray[np.float32]:
    """``ln(n_items / (1 + items of the user))``, 0 for who had nearly everything."""
    trained = int(np.count_nonzero(np.diff(items.indptr)))
    had = np.bincount(items.indices, minlength=items.shape[1])
    idf = np.log(float(trained or 1)) - np.log1p(had)
    return np.asarray(np.maximum(idf, 0.0), dtype=np.float32)


def _tfidf(items: sparse.csr_matrix) -> sparse.csr_matrix:
    weighed = items.copy()
    weighed.data = np.sqrt(items.data) * _idf(items)[items.indices]
    return weighed


def _bm25(items: sparse.csr_matrix, k1: float, b: float) -> sparse.csr_matrix:
    length = np.asarray(items.sum(axis=1), dtype=np.float64).ravel()
    average = length[length > 0].mean() if (length > 0).any() else 1.0
    norm = k1 * (1.0 - b + b * length / average)
    row = np.repeat(norm, np.diff(items.indptr))
    weighed = items.copy()
    weighed.data = items.data * (k1 + 1.0) / (row + items.data) * _idf(items)[items.indices]
    return weighed.astype(np.float32)
