"""Folds examined at the same time, each in a process of its own."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Protocol

from onstage.evaluation.ratings.accuracy import Accuracy, examine
from onstage.evaluation.ratings.folds import Fold
from onstage.models.blas import single_blas
from onstage.models.catalog import ModelConfig
from onstage.seeds import generator, integer


_folds: list[Fold] = []
"""What a worker was given when it started, so that folds travel once."""


class Examiner(Protocol):
    """Whoever examines a configuration on all folds."""

    def __call__(self, config: ModelConfig) -> Iterator[Accuracy]:
        """Give what came of each fold, in their order."""
        ...


def fold_seed(seed: int, number: int) -> int:
    """Seed of the fit on one fold: the same for every configuration, so that folds pair."""
    return integer(generator(seed, "ratings", "fold", str(number)))


@contextmanager
def examiner(folds: Sequence[Fold], seed: int, jobs: int) -> Iterator[Examiner]:
    """Open an examiner of `folds` with `jobs` processes; with 1, in this process.

    Surprise holds the interpreter while it fits, so threads would not help. Results do not depend
    on `jobs`.
    """
    seeds = [fold_seed(seed, number) for number in range(len(folds))]
    if jobs == 1:
        yield lambda config: (examine(config, *one)[0] for one in zip(folds, seeds, strict=True))
        return
    with ProcessPoolExecutor(
        min(jobs, len(folds)), get_context("spawn"), _share, (list(folds),)
    ) as pool:
        yield lambda config: pool.map(
            _examine_shared, [config] * len(folds), range(len(folds)), seeds
        )


def _share(folds: list[Fold]) -> None:
    _folds[:] = folds


def _examine_shared(config: ModelConfig, number: int, seed: int) -> Accuracy:
    with single_blas():
        return examine(config, _folds[number], seed)[0]
