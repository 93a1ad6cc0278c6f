"""What users could have chosen when they chose: counts and draws from the live."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.types import Positions


def offered(
    dataset: Dataset,
    availability: AvailabilityIndex,
    sample: int | None,
    rng: np.random.Generator,
) -> sparse.csr_matrix:
    """How often each item was live when each user chose something.

    Parameters
    ----------
    availability
        Over the dataset's vocabulary; not one that is always available, whose answer is dense.
    sample
        Most items taken from one live set, drawn evenly; each then counts for as many as it stands
        for, so that sums keep their expectation. None takes all.

    Returns
    -------
    csr_matrix of float64, shape (n_users, n_items)
        At least the number of rows of each pair: what was chosen was on offer, whatever the
        windows say. An item that was live at no row of a user is absent.
    """
    sets = availability.candidates(dataset.time)
    size = np.diff(sets.indptr)
    live = sparse.csr_matrix(
        (np.ones(len(sets.items)), sets.items, sets.indptr), shape=(len(size), dataset.n_items)
    )
    if sample is not None and size.max(initial=0) > sample:
        live = _thinned(live, sample, rng)
    ones = np.ones(len(dataset))
    when = sparse.coo_matrix((ones, (dataset.user, sets.of)), shape=(dataset.n_users, len(size)))
    counts = dataset.counts.astype(np.float64)
    return sparse.csr_matrix((when.tocsr() @ live).maximum(counts))


def live_negatives(sets: Candidates, rng: np.random.Generator) -> Positions:
    """Draw one item from each request's live set, evenly; -1 where nothing is live."""
    size = np.diff(sets.indptr)[sets.of]
    place = (rng.random(len(sets)) * size).astype(np.int64)
    nobody = size == 0
    items = np.append(sets.items, -1)[np.where(nobody, -1, sets.indptr[sets.of] + place)]
    return np.where(nobody, -1, items)


def _thinned(live: sparse.csr_matrix, sample: int, rng: np.random.Generator) -> sparse.csr_matrix:
    """At most `sample` entries of each row, weighted up to the row's sum."""
    size = np.diff(live.indptr)
    row = np.repeat(np.arange(len(size)), size)
    order = np.lexsort((rng.random(live.nnz), row))
    turn = np.empty(live.nnz, dtype=np.int64)
    turn[order] = np.arange(live.nnz) - live.indptr[row]
    kept = turn < sample
    weight: NDArray[np.float64] = np.maximum(size / sample, 1.0)[row[kept]]
    indptr = np.concatenate(([0], np.cumsum(np.minimum(size, sample))))
    return sparse.csr_matrix((weight, live.indices[kept], indptr), shape=live.shape)
