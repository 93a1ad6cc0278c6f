"""What a ratings sweep minimises: the mean RMSE over folds, told fold by fold."""

from collections.abc import Sequence

import numpy as np

from onstage.evaluation.ratings.accuracy import examine
from onstage.evaluation.ratings.folds import Fold
from onstage.evaluation.ratings.parallel import fold_seed
from onstage.models.catalog import ModelConfig
from onstage.tuning.objective import Outcome, Watch


class FoldsObjective:
    """Learn and ask every fold in turn; the value is minus the mean RMSE, since larger is better.

    A look after each fold but the last reports the mean so far. Every trial has the same folds and
    the same seeds, so trials differ by their configuration alone.

    Parameters
    ----------
    folds
        Of the training part: the hold-out cannot be reached from here.
    seed
        The run's.
    """

    def __init__(self, folds: Sequence[Fold], seed: int) -> None:
        self.folds = folds
        self.seed = seed

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        """Examine `config`, unless `watch` gives it up on the way."""
        made = []
        for number, fold in enumerate(self.folds):
            made.append(examine(config, fold, fold_seed(self.seed, number))[0])
            if watch.wants(number + 1):
                watch.report(number + 1, -float(np.mean([one.rmse for one in made])))
        rmse = float(np.mean([one.rmse for one in made]))
        metrics = {
            "rmse": rmse,
            "rmse_std": float(np.std([one.rmse for one in made])),
            "mae": float(np.mean([one.mae for one in made])),
        }
        fitting = sum(one.fit_seconds for one in made)
        return Outcome(-rmse, metrics, fitting, sum(one.test_seconds for one in made))
