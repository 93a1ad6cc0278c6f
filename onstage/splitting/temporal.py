"""Global temporal splits: one instant cuts the log for everybody."""

import logging

import numpy as np

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import SplitError
from onstage.splitting.holdout import Holdout, Holdouts
from onstage.splitting.protocol import TemporalProtocol
from onstage.splitting.settle import settle
from onstage.types import Positions


logger = logging.getLogger(__name__)


def temporal_holdouts(
    protocol: TemporalProtocol, dataset: Dataset, availability: AvailabilityIndex
) -> Holdouts:
    """Cut the test part off the log, then the validation part off what is left.

    ``timestamp < cut`` is known and the rest is asked, so the test part's models are fitted on
    training and validation together. Requests stand at the cut: one per user with enough
    interactions before and at least one after.

    Parameters
    ----------
    protocol
        Lengths of the parts, in days or as a share of the interactions.
    dataset
        The whole log.
    availability
        Candidates are the items available at some time in the part; without windows, all items.

    Raises
    ------
    SplitError
        If a part has nothing on one side, or nobody can be asked.

    References
    ----------
    Ji et al., "A Critical Study on Data Leakage in Recommender System Offline Evaluation", TOIS
    2023: per-user splits let the model see the future.
    """
    asked_from = temporal_cut(protocol, dataset)
    known = dataset.before(asked_from)
    cut = _cut(known, "validation", protocol.validation_days, protocol.validation_share)
    return Holdouts(
        validation=_part(protocol, "validation", known, cut, availability),
        test=_part(protocol, "test", dataset, asked_from, availability),
    )


def temporal_cut(protocol: TemporalProtocol, dataset: Dataset) -> int:
    """First tick of the test part.

    Raises
    ------
    SplitError
        If the log has no rows, or all of them are in the test part.
    """
    return _cut(dataset, "test", protocol.test_days, protocol.test_share)


def _cut(log: Dataset, part: str, days: float | None, share: float) -> int:
    """First tick of the newest part of `log`."""
    if len(log) == 0:
        message = f"temporal {part}: the log has no rows; a split needs rows on both sides"
        raise SplitError(message)
    if days is not None:
        cut = int(np.ceil(log.time[-1] + 1 - log.clock.span(days=days)))
        wanted = f"{part}_days={days:g}"
    else:
        cut = int(log.time[len(log) - max(1, round(len(log) * share))])
        wanted = f"{part}_share={share:g}"
    if log.time[0] >= cut:
        message = (
            f"temporal: {wanted} puts all {len(log)} interactions after "
            f"{log.clock.render(cut)}; something must be left to train on, so make it shorter"
        )
        raise SplitError(message)
    return cut


def _part(
    protocol: TemporalProtocol,
    part: str,
    log: Dataset,
    cut: int,
    availability: AvailabilityIndex,
) -> Holdout:
    before = log.before(cut)
    after = log.since(cut)
    asked = (before.user_counts >= protocol.min_train_interactions) & (after.user_counts > 0)
    users = np.flatnonzero(asked)
    logger.info(
        "temporal %s: %d users asked, %d strangers left out",
        part, len(users), int((after.user_counts > 0).sum()) - len(users),
    )  # fmt: skip
    if len(users) == 0:
        message = (
            f"temporal {part}: no user has {protocol.min_train_interactions} interactions before "
            f"{log.clock.render(cut)} and one after; lower min_train_interactions or move the cut"
        )
        raise SplitError(message)
    happened = after.counts[users]
    happened.sort_indices()
    requests = Requests(users, np.full(len(users), cut, dtype=np.int64))
    pool = available_between(availability, cut, int(log.time[-1]) + 1)
    draft = Holdout(
        protocol=protocol.name,
        part=part,
        train=before,
        history=before,
        requests=requests,
        candidates=Candidates.shared(pool, len(users)),
        relevant_indptr=happened.indptr.astype(np.int64),
        relevant=happened.indices.astype(np.int64),
        repeat=np.zeros(happened.nnz, dtype=np.bool_),
        policy=protocol.repeat,
    )
    return settle(draft, before)


def available_between(availability: AvailabilityIndex, low: int, high: int) -> Positions:
    """Items available at some instant of ``[low, high)``: positions, ascending, each once."""
    if availability.always:
        return np.arange(availability.n_items)
    inside = (availability.starts < high) & (availability.ends > low)
    return np.unique(availability.item[inside])
