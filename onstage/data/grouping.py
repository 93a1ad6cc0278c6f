"""Rows put together by a key, in linear time."""

from typing import Final

import numpy as np
from scipy import sparse

from onstage.types import Positions


SPARSE: Final = 4
"""Counting sorts are for keys of which there are at most so many to a row."""
FEW: Final = 1_000
"""Fewer rows than that are sorted: making the sparse table takes longer."""


def grouped(keys: Positions) -> Positions:
    """Order that puts equal keys together, ascending, and keeps the order within.

    What ``np.argsort(keys, kind="stable")`` gives; of many rows a counting sort, linear in their
    number, unless most keys between 0 and the largest are missing.
    """
    size = int(keys.max(initial=-1)) + 1
    if len(keys) < FEW or size > SPARSE * len(keys):
        return np.argsort(keys, kind="stable")
    ones, rows = np.ones(len(keys), dtype=np.int8), np.arange(len(keys) + 1)
    table = sparse.csr_matrix((ones, keys, rows), shape=(len(keys), size)).tocsc()
    return np.asarray(table.indices, dtype=np.int64)
