"""Every check, in order: those of a split once, those of a model for each model."""

from typing import Any

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.availability import availability
from onstage.evaluation.leaks.duplicates import duplicates
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.fitted import fitted
from onstage.evaluation.leaks.future import future
from onstage.evaluation.leaks.overlap import overlap
from onstage.models.base import Recommender
from onstage.splitting.holdout import Holdout, Holdouts


CHECKS = ("overlap", "duplicates", "availability", "fitted", "future")
"""Names of all checks."""


def lint_split(exams: Holdouts, log: Dataset, index: AvailabilityIndex) -> tuple[Finding, ...]:
    """Check both parts of a split: nothing of a model is looked at.

    Parameters
    ----------
    exams
        Both parts.
    log
        The whole log that was split, over the same vocabulary.
    index
        What can be recommended when.
    """
    return tuple(
        finding
        for part in (exams.validation, exams.test)
        for finding in (
            overlap(exams, part.part),
            duplicates(part, log),
            availability(part, log, index),
        )
    )


def lint_model(
    model: Recommender[Any], exam: Holdout, log: Dataset, index: AvailabilityIndex
) -> tuple[Finding, ...]:
    """Check what a fitted model knows. Afterwards it observes the history of `exam`."""
    return (fitted(model, exam, index), future(model, exam, log))
