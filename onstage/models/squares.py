"""One side of a weighted least-squares factorization: every row solved exactly, the other fixed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


ROWS: int = 1024
"""Rows solved at once: bounds memory at 1024 matrices."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """Weight of every pair: ``row[r] * column[c] + pairs[r, c]``.

    Attributes
    ----------
    row : ndarray of float64, shape (n_rows,)
    column : ndarray of float64, shape (n_columns,)
    pairs : csr_matrix of float64, shape (n_rows, n_columns)
    """

    row: Matrix
    column: Matrix
    pairs: sparse.csr_matrix

    @property
    def transposed(self) -> "Weights":
        """The weights seen from the other side."""
        return Weights(self.column, self.row, self.pairs.T.tocsr())

    def times(self, fixed: Matrix) -> Matrix:
        """The product of all weights and `fixed`, shape (n_rows, n_dimensions)."""
        return np.asarray(np.outer(self.row, self.column @ fixed) + self.pairs @ fixed)


def solve(fixed: Matrix, weights: Weights, right: Matrix, penalty: float) -> Matrix:
    r"""Solve the weighted least squares of every row r.

    Minimises :math:`\sum_c w_{rc} (z_r^\top f_c)^2 - 2 z_r^\top g_r + \lambda \lVert z_r \rVert^2`.

    Parameters
    ----------
    fixed : ndarray of float64, shape (n_columns, n_dimensions)
        f.
    right : ndarray of float64, shape (n_rows, n_dimensions)
        g.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_dimensions)
        z.

    Notes
    -----
    Costs the stored pairs times the square of the dimensions, in BLAS.
    """
    shared = (fixed * weights.column[:, None]).T @ fixed
    ridge = penalty * np.eye(fixed.shape[1])
    found = np.empty_like(right)
    for low in range(0, len(right), ROWS):
        rows = slice(low, low + ROWS)
        squares = weights.row[rows, None, None] * shared + ridge
        for place in range(len(squares)):
            squares[place] += _own(fixed, weights.pairs, low + place)
        found[rows] = np.linalg.solve(squares, right[rows, :, None])[:, :, 0]
    return found


def _own(fixed: Matrix, pairs: sparse.csr_matrix, row: int) -> Matrix:
    low, high = pairs.indptr[row], pairs.indptr[row + 1]
    part = fixed.take(pairs.indices[low:high], axis=0)
    return np.asarray((part * pairs.data[low:high, None]).T @ part)
