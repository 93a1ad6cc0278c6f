"""Resampling users with replacement: intervals that respect that a user's events hang together."""

import json
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.types import Positions


DRAWS_AT_ONCE = 1 << 22
"""Most users drawn in one batch of resamples: bounds memory at about 64 MiB."""
DRAWS_KEPT = 1 << 21
"""Most draws that are kept for the next model: 16 MiB."""


def resampled_means(
    users: Positions,
    values: NDArray[np.float64],
    resamples: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Means over events after drawing as many users as there are, with replacement.

    A user comes with all of their events, so the mean is a ratio: sum of values over number of
    events. All columns of `values` are resampled alike.

    Parameters
    ----------
    users : ndarray of int64, shape (n_events,)
        Numbers from 0, each used.
    values : ndarray of float64, shape (n_events, n_metrics)
        ``nan`` is left out of its metric's sum and count.

    Returns
    -------
    ndarray of float64, shape (resamples, n_metrics)
        ``nan`` where a resample has no event with a value.

    References
    ----------
    Field and Welsh, "Bootstrapping clustered data", JRSS B 2007: the cluster bootstrap.
    """
    n_users = int(users.max()) + 1
    table, pattern = _sums(users, values, n_users)
    means = np.empty((resamples, values.shape[1]))
    step = max(1, DRAWS_AT_ONCE // n_users)
    for low in range(0, resamples, step):
        high = min(low + step, resamples)
        drawn = _weights(high - low, n_users, rng) @ table
        sums, counts = drawn[:, : len(pattern)], drawn[:, len(pattern) + pattern]
        means[low:high] = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means


def _sums(
    users: Positions, values: NDArray[np.float64], n_users: int
) -> tuple[NDArray[np.float64], Positions]:
    """Per user the sum of each metric, then the number of events where it is defined.

    Metrics that are defined on the same events share one column of numbers: `pattern` says which.
    """
    defined = np.isfinite(values)
    numbers: dict[bytes, int] = {}
    pattern = np.array([numbers.setdefault(one.tobytes(), len(numbers)) for one in defined.T])
    patterns = defined[:, np.unique(pattern, return_index=True)[1]]
    filled = np.where(defined, values, 0.0)
    by_user = sparse.coo_matrix(
        (np.ones(len(users)), (users, np.arange(len(users)))), shape=(n_users, len(users))
    ).tocsr()
    return np.hstack([by_user @ filled, by_user @ patterns.astype(np.float64)]), pattern


def interval(
    means: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of each column of resampled means; ``nan`` without resamples."""
    if len(means) == 0 or np.isnan(means).all(axis=0).any():
        lost = np.full(means.shape[1:], np.nan)
        return lost, lost
    tail = (1 - confidence) / 2
    quantile = np.nanquantile if np.isnan(means).any() else np.quantile  # the former is slow
    low, high = quantile(means, [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def _weights(resamples: int, n_users: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each user is drawn in each resample, shape (resamples, n_users).

    Models on a leaderboard are resampled alike, from generators in the same state: their draws are
    made once.
    """
    if resamples * n_users > DRAWS_KEPT:
        return _draw(resamples, n_users, rng)
    state = json.dumps(rng.bit_generator.state, default=int)
    drawn, after = _drawn(resamples, n_users, state)
    rng.bit_generator.state = json.loads(after)
    return drawn


@lru_cache(maxsize=6)
def _drawn(resamples: int, n_users: int, state: str) -> tuple[NDArray[np.float64], str]:
    rng = np.random.default_rng(0)
    rng.bit_generator.state = json.loads(state)
    drawn = _draw(resamples, n_users, rng)
    drawn.flags.writeable = False
    return drawn, json.dumps(rng.bit_generator.state, default=int)


def _draw(resamples: int, n_users: int, rng: np.random.Generator) -> NDArray[np.float64]:
    drawn = rng.integers(n_users, size=(resamples, n_users))
    drawn += np.arange(resamples)[:, None] * n_users
    counts = np.bincount(drawn.ravel(), minlength=resamples * n_users)
    return counts.reshape(resamples, n_users).astype(np.float64)
