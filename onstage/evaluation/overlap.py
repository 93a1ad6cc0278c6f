"""A basic leak check: the answer must stand neither in the training data nor before the request."""

import numpy as np

from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.errors import SplitError
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


def check_no_overlap(holdout: Holdout) -> Holdout:
    """Return `holdout` unchanged, or raise if models could have been fitted on its answers.

    Parameters
    ----------
    holdout
        Any protocol's.

    Raises
    ------
    SplitError
        If training has a row at or after the first request; or, of a masked holdout, if training
        or the visible history still has a pair that is asked for.
    """
    first = int(holdout.requests.times.min())
    late = np.flatnonzero(holdout.train.time >= first)
    if len(late):
        clock, at = holdout.train.clock, int(holdout.train.time[late[0]])
        what = f"a training row at {clock.render(at)}, first request at {clock.render(first)}"
        _refuse(holdout, what, len(late))
    if holdout.protocol == "masked":
        asked = _asked(holdout)
        for name, known in (("training", _pairs(holdout.train)), ("history", _visible(holdout))):
            shown = np.intersect1d(asked, known)
            if len(shown):
                user = holdout.train.users[shown[0] // holdout.train.n_items]
                item = holdout.train.items[shown[0] % holdout.train.n_items]
                _refuse(holdout, f"{name} has the hidden pair ({user}, {item})", len(shown))
    return holdout


def _refuse(holdout: Holdout, what: str, count: int) -> None:
    message = (
        f"{holdout.protocol} {holdout.part}: {what} ({count} in all); what is asked must not be "
        "known, so build the holdout with onstage.splitting.build.holdouts"
    )
    raise SplitError(message)


def _asked(holdout: Holdout) -> Positions:
    user = np.repeat(holdout.requests.users, np.diff(holdout.relevant_indptr))
    return user * holdout.train.n_items + holdout.relevant


def _pairs(rows: Dataset) -> Positions:
    return rows.user * rows.n_items + rows.item


def _visible(holdout: Holdout) -> Positions:
    past = History(holdout.history)
    request, row = past.rows(holdout.requests)
    return holdout.requests.users[request] * past.n_items + past.item[row]
