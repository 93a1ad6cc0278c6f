"""Hide pairs at random: the protocol of published masked AUC figures."""

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import SplitError
from onstage.seeds import generator
from onstage.splitting.holdout import Holdout, Holdouts
from onstage.splitting.protocol import MaskedProtocol
from onstage.splitting.settle import settle
from onstage.types import Positions


def masked_holdouts(protocol: MaskedProtocol, dataset: Dataset) -> Holdouts:
    """Hide a share of (user, item) pairs, and the same share of the rest for validation.

    A hidden pair takes all its rows out of training. Requests stand after the whole log, see only
    the rows that were not hidden, and ask for the hidden pairs among all items that the user did
    not keep. Availability plays no part.

    Raises
    ------
    SplitError
        If there are too few pairs to hide any, or to keep any.
    """
    pairs, row_pair = np.unique(dataset.user * dataset.n_items + dataset.item, return_inverse=True)
    rng = generator(protocol.seed, "split", "masked")
    order = rng.permutation(len(pairs))
    n_test = round(protocol.share * len(pairs))
    n_validation = round(protocol.share * (len(pairs) - n_test))
    if min(n_test, n_validation) == 0 or n_test + n_validation == len(pairs):
        message = (
            f"masked: a share of {protocol.share:g} hides {n_test} and {n_validation} of "
            f"{len(pairs)} pairs; some must be hidden and some kept, so change masked.share"
        )
        raise SplitError(message)
    test, validation = order[:n_test], order[n_test : n_test + n_validation]
    hidden = np.zeros(len(pairs), dtype=np.bool_)
    hidden[test] = True
    exam = _part(protocol, "test", dataset, dataset.where(~hidden[row_pair]), pairs[test])
    hidden[validation] = True
    drill = _part(
        protocol, "validation", dataset, dataset.where(~hidden[row_pair]), pairs[validation]
    )
    return Holdouts(validation=drill, test=exam)


def _part(
    protocol: MaskedProtocol,
    part: str,
    dataset: Dataset,
    train: Dataset,
    hidden: Positions,
) -> Holdout:
    hidden = np.sort(hidden)
    users, counts = np.unique(hidden // dataset.n_items, return_counts=True)
    after = int(dataset.time[-1]) + 1
    nothing: NDArray[np.bool_] = np.zeros(len(hidden), dtype=np.bool_)
    draft = Holdout(
        protocol=protocol.name,
        part=part,
        train=train,
        history=train,
        requests=Requests(users, np.full(len(users), after, dtype=np.int64)),
        candidates=Candidates.shared(np.arange(dataset.n_items), len(users)),
        relevant_indptr=np.concatenate(([0], np.cumsum(counts))),
        relevant=hidden % dataset.n_items,
        repeat=nothing,
        policy=protocol.repeat,
    )
    return settle(draft, train)
