"""The same row on both sides of the split."""

import numpy as np

from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.rows import among, asked_pairs, frame, named
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


def duplicates(exam: Holdout, log: Dataset) -> Finding:
    """Look for training rows that equal a row which is asked for, field by field.

    Rows of the log that are asked for are those of an asked (user, item) at or after the request
    (anywhere, in a random split). A training row that has the same user, item, time, weight and
    end is a copy of one, or the row itself.
    """
    asked = frame(log, _asked(exam, log))
    known = frame(exam.train, among(exam.train, asked_pairs(exam)))
    fields = list(asked.columns)
    both = known.reset_index().merge(asked.drop_duplicates(), on=fields)["index"].to_numpy()
    return Finding(
        check="duplicates",
        part=exam.part,
        looked_at="training rows that equal an asked row in user, item, time, weight and end",
        numbers={
            "asked rows": len(asked),
            "training rows of asked pairs": len(known),
            "copies within the log": int(frame(log, np.arange(len(log))).duplicated().sum()),
        },
        leaks=len(both),
        first=named(exam.train, np.sort(both)),
        remedy="remove copies before the split (validation.max_duplicates), and split by time",
    )


def _asked(exam: Holdout, log: Dataset) -> Positions:
    rows = np.flatnonzero(among(log, asked_pairs(exam)))
    if exam.is_random:
        return rows
    pairs = asked_pairs(exam)
    times = np.repeat(exam.requests.times, np.diff(exam.relevant_indptr))
    order = np.lexsort((times, pairs))
    pairs, times = pairs[order], times[order]  # the first request of each pair
    first = np.searchsorted(pairs, log.user[rows] * log.n_items + log.item[rows])
    return rows[log.time[rows] >= times[first]]
