"""Rows of the part that is asked about, among those that are known."""

import numpy as np
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.finding import SHOWN, Finding
from onstage.evaluation.leaks.rows import among, asked_pairs, named
from onstage.splitting.holdout import Holdout, Holdouts


def overlap(exams: Holdouts, part: str) -> Finding:
    """Look for what is asked in what a model is fitted on or shown.

    In time: no training row at or after the first request of the part; for validation, neither a
    training nor a history row at or after the first request of the test part. In a random split,
    which has no such time: no row of a pair that is hidden, in training and in the history.
    """
    exam: Holdout = getattr(exams, part)
    late, shown = (_hidden if exam.is_random else _late)(exams, exam)
    rows = [*named(exam.train, np.flatnonzero(late)), *named(exam.history, np.flatnonzero(shown))]
    return Finding(
        check="overlap",
        part=part,
        looked_at="training and history rows against the time and the pairs of what is asked",
        numbers={
            "training rows": len(exam.train),
            "history rows": len(exam.history),
            "events": len(exam),
            "training rows that still run": exam.running_on(int(exam.requests.times.min())),
        },
        leaks=int(late.sum() + shown.sum()),
        first=tuple(rows[:SHOWN]),
        remedy="fit on holdout.train and show holdout.history, both made by onstage.splitting",
    )


def _late(exams: Holdouts, exam: Holdout) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    late = exam.train.time >= exam.requests.times.min()
    shown = np.zeros(len(exam.history), dtype=np.bool_)
    if exam is exams.validation:
        shown = exam.history.time >= exams.test.requests.times.min()
    return late, shown


def _hidden(exams: Holdouts, exam: Holdout) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    pairs = asked_pairs(exam)
    if exam is exams.validation:
        pairs = np.union1d(pairs, asked_pairs(exams.test))

    def of(log: Dataset) -> NDArray[np.bool_]:
        return among(log, pairs)

    return of(exam.train), of(exam.history)
