"""Resampling users with replacement: intervals that respect that a user's events hang together."""

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions


DRAWS_AT_ONCE = 1 << 22
"""Most users drawn in one batch of resamples: bounds memory at about 64 MiB."""


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
    defined = np.isfinite(values)
    table = np.zeros((n_users, 2 * values.shape[1]))
    for column in range(values.shape[1]):
        weights = np.where(defined[:, column], values[:, column], 0.0)
        table[:, column] = np.bincount(users, weights, minlength=n_users)
        table[:, values.shape[1] + column] = np.bincount(
            users, defined[:, column], minlength=n_users
        )
    means = np.empty((resamples, values.shape[1]))
    step = max(1, DRAWS_AT_ONCE // n_users)
    for low in range(0, resamples, step):
        high = min(low + step, resamples)
        sums, counts = np.split(_weights(high - low, n_users, rng) @ table, 2, axis=1)
        means[low:high] = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means


def interval(
    means: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of each column of resampled means; ``nan`` without resamples."""
    if len(means) == 0 or np.isnan(means).all(axis=0).any():
        lost = np.full(means.shape[1:], np.nan)
        return lost, lost
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(means, [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def _weights(resamples: int, n_users: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each user is drawn in each resample, shape (resamples, n_users)."""
    drawn = rng.integers(n_users, size=(resamples, n_users))
    drawn += np.arange(resamples)[:, None] * n_users
    counts = np.bincount(drawn.ravel(), minlength=resamples * n_users)
    return counts.reshape(resamples, n_users).astype(np.float64)
