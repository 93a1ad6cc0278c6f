"""What a model learned from more than the training rows."""

from typing import Any

import numpy as np

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.finding import SHOWN, Finding
from onstage.evaluation.leaks.miniature import miniature, state_on
from onstage.evaluation.leaks.rows import excess, frame, named
from onstage.evaluation.sample import affordable, evenly
from onstage.models.base import Recommender
from onstage.splitting.holdout import Holdout


EVENTS = 16
"""Events that the restored twin is asked too."""


def fitted(model: Recommender[Any], exam: Holdout, index: AvailabilityIndex) -> Finding:
    """Compare what a model was fitted on with the training rows, in three ways.

    Its rows must be rows of ``exam.train``, each as often as there at most. A twin made of its
    state and of ``exam.train`` (:meth:`onstage.models.core.Core.restore`), so with counts,
    popularity and everything else that is derived taken from training rows, must give the same
    scores. And on a miniature of the training rows, what is learned must not change when the
    availability index ends where the part begins.
    """
    extra = _extra(model.dataset, exam.train)
    differing = _twin_differs(model, exam)
    peeking = _peeking(model, exam, index)
    first = [*named(model.dataset, extra)]
    if differing:
        first.append(f"{differing} scores of a twin with the counts of training rows")
    first.extend(f"{name} changes with what is live after the split" for name in peeking)
    return Finding(
        check="fitted",
        part=exam.part,
        looked_at="rows, counts and learned numbers of the model against the training rows",
        numbers={
            "rows fitted on": len(model.dataset),
            "training rows": len(exam.train),
            "items without a training row": int((exam.train.item_counts == 0).sum()),
            "arrays learned on a miniature": 0 if index.always else len(model.state()),
        },
        leaks=len(extra) + differing + len(peeking),
        first=tuple(first[:SHOWN]),
        remedy="fit counts, scalers and vocabularies on holdout.train alone",
    )


def _extra(known: Dataset, train: Dataset) -> list[int]:
    """Row numbers of `known` that `train` does not have."""
    fields = ("user", "item", "time", "weight")
    if known is train or (
        len(known) == len(train)
        and all(np.array_equal(getattr(known, f), getattr(train, f)) for f in fields)
    ):
        return []
    rows, other = frame(known, np.arange(len(known))), frame(train, np.arange(len(train)))
    return [int(row) for row in excess(rows, other)]


def _twin_differs(model: Recommender[Any], exam: Holdout) -> int:
    """Scores on which the model and its twin on training rows do not agree."""
    twin = type(model)(model.config).restore(exam.train, model.state())
    rows = evenly(len(exam), affordable(exam, EVENTS))
    requests, pool = exam.requests.take(rows), exam.candidates.take(rows)
    count = 0
    model.observe(exam.past)
    mine = model.scored(requests, pool)
    theirs = twin.observe(exam.past).scored(requests, pool)
    for (_, _, one), (_, _, other) in zip(mine, theirs, strict=True):
        count += int((~((one == other) | (np.isnan(one) & np.isnan(other)))).sum())
    return count


def _peeking(model: Recommender[Any], exam: Holdout, index: AvailabilityIndex) -> list[str]:
    """Names of learned arrays that depend on windows after the split."""
    if index.always or exam.is_random:
        return []
    small, live = miniature(exam.train, index)
    cut = int(exam.requests.times.min())
    past = live.until(cut)
    seeing, blind = state_on(model, small, live), state_on(model, small, past)
    return [
        name
        for name in sorted(seeing.keys() | blind.keys())
        if name not in seeing
        or name not in blind
        or not np.array_equal(seeing[name], blind[name], equal_nan=seeing[name].dtype.kind == "f")
    ]
