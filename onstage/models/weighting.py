"""How much an interaction counts."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.errors import ContractError


Weighting: TypeAlias = Literal["binary", "linear", "log"]
"""Of the sum ``w`` of a pair's weights: ``binary`` 1, ``linear`` w, ``log`` ln(1 + w)."""


def weigh(matrix: sparse.csr_matrix, weighting: Weighting) -> sparse.csr_matrix:
    """Apply a weighting to every stored pair; `matrix` is not modified.

    Raises
    ------
    ContractError
        If a weight is negative: implicit feedback has no dislikes.
    """
    if len(matrix.data) and matrix.data.min() < 0:
        message = f"weight {matrix.data.min():g}: weights of interactions must be 0 or more"
        raise ContractError(message)
    weighed: sparse.csr_matrix = matrix.copy()
    weighed.data = _apply(matrix.data, weighting)
    return weighed


def _apply(weights: NDArray[np.float32], weighting: Weighting) -> NDArray[np.float32]:
    if weighting == "binary":
        return np.ones_like(weights)
    return weights.copy() if weighting == "linear" else np.log1p(weights)
