"""The checks of a split, which are made once for all models."""

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.availability import availability
from onstage.evaluation.leaks.duplicates import duplicates
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.overlap import overlap
from onstage.splitting.holdout import Holdouts


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
