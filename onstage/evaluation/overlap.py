"""A basic leak check: what is asked must not be known."""

import numpy as np

from onstage.data.dataset import Dataset
from onstage.errors import ContractError, LeakError
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


def check_no_overlap(holdout: Holdout, train: Dataset | None = None) -> None:
    """Raise if a model fitted on `train` could know the answers of `holdout`.

    Parameters
    ----------
    holdout
        Any protocol's.
    train
        What the model was fitted on; ``holdout.train`` by default.

    Raises
    ------
    LeakError
        If training has a row at or after the first request, which covers the targets' own rows;
        or, of a masked holdout, if training or the visible history has a pair that is asked for.
    ContractError
        If `train` has another vocabulary, so that positions would mean other users and items.
    """
    train = holdout.train if train is None else train
    if not _same_vocabulary(train, holdout.train):
        message = (
            f"{holdout.protocol} {holdout.part}: the model knows {train.n_users} users and "
            f"{train.n_items} items, the holdout {holdout.train.n_users} and "
            f"{holdout.train.n_items}, or others; fit it on a part of the same dataset"
        )
        raise ContractError(message)
    _check_time(holdout, train)
    if holdout.is_random:
        _check_pairs(holdout, "training", train.user * train.n_items + train.item)
        request, row = holdout.past.rows(holdout.requests)
        seen = holdout.requests.users[request] * train.n_items + holdout.past.item[row]
        _check_pairs(holdout, "the visible history", seen)


def _same_vocabulary(a: Dataset, b: Dataset) -> bool:
    return (a.users is b.users or a.users.equals(b.users)) and (
        a.items is b.items or a.items.equals(b.items)
    )


def _check_time(holdout: Holdout, train: Dataset) -> None:
    first = int(holdout.requests.times.min())
    late = int((train.time >= first).sum())
    if late:
        clock = train.clock
        message = (
            f"{holdout.protocol} {holdout.part}: {late} training rows up to "
            f"{clock.render(int(train.time[-1]))} stand in the part that is asked about, which "
            f"starts at {clock.render(first)}; fit on holdout.train"
        )
        raise LeakError(message)


def _check_pairs(holdout: Holdout, name: str, known: Positions) -> None:
    n_items = holdout.train.n_items
    user = np.repeat(holdout.requests.users, np.diff(holdout.relevant_indptr))
    shown = np.intersect1d(user * n_items + holdout.relevant, known)
    if len(shown):
        pair = holdout.train.users[shown[0] // n_items], holdout.train.items[shown[0] % n_items]
        message = (
            f"{holdout.protocol} {holdout.part}: {name} has {len(shown)} of the hidden pairs, "
            f"the first (user {pair[0]}, item {pair[1]}); fit on holdout.train"
        )
        raise LeakError(message)
