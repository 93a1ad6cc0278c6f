"""What a model learned, as named arrays without objects: saved as npz, loaded without pickle."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


State: TypeAlias = Mapping[str, NDArray[Any]]
"""Array name to array."""


def pack(matrix: sparse.csr_matrix, name: str) -> dict[str, NDArray[Any]]:
    """A sparse matrix as named arrays, for :meth:`Recommender.state`."""
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": matrix.indices,
        f"{name}.indptr": matrix.indptr,
        f"{name}.shape": np.asarray(matrix.shape),
    }


def unpack(state: State, name: str) -> sparse.csr_matrix:
    """The counterpart of :func:`pack`."""
    parts = (state[f"{name}.data"], state[f"{name}.indices"], state[f"{name}.indptr"])
    return sparse.csr_matrix(parts, shape=tuple(state[f"{name}.shape"]))
