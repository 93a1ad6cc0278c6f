"""Give a trial up once the folds that it had decide it."""

import numpy as np
from optuna import Study
from optuna.pruners import BasePruner, NopPruner
from optuna.trial import FrozenTrial, TrialState, create_trial
from typing_extensions import override

from onstage.tuning.ratings.config import FoldPruning


NEAREST = 4
"""Completed trials, nearest to the best in value, on which the folds are judged."""


class PairedPruner(BasePruner):
    r"""Compare a trial with the best one on the same folds.

    After m folds let :math:`D_m` be how far a trial's mean is behind the best trial's mean of the
    same m folds. What counts is :math:`D_K`, over all of them. Folds are hard or easy for every
    configuration alike, so :math:`D_m` is close to :math:`D_K` though the errors of single folds
    are not; how close is known from completed trials, of which both were seen. With s the root
    mean square of :math:`D_m - D_K` over the completed trials nearest to the best, a trial is given
    up when :math:`D_m > margin \cdot s`.

    A trial that is ahead, or behind by less than folds have misjudged, goes on. What is given up
    may have been better with the probability that a deviation beyond `margin` standard deviations
    has; the best trial itself is only ever replaced by one that had all folds.
    """

    def __init__(self, rule: FoldPruning) -> None:
        self._rule = rule

    @override
    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        step = trial.last_step
        if step is None:
            return False
        complete = [
            one
            for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if step in one.intermediate_values
        ]
        if len(complete) < self._rule.after:
            return False
        best, *others = sorted(complete, key=_value, reverse=True)
        misjudged = [
            (best.intermediate_values[step] - one.intermediate_values[step])
            - (_value(best) - _value(one))
            for one in others[:NEAREST]
        ]
        spread = float(np.sqrt(np.mean(np.square(misjudged))))
        behind = best.intermediate_values[step] - trial.intermediate_values[step]
        return bool(behind > self._rule.margin * spread)


def _value(trial: FrozenTrial) -> float:
    return float("-inf") if trial.value is None else trial.value


def pruner_of(rule: FoldPruning) -> BasePruner:
    """The pruner that a configuration asks for."""
    return PairedPruner(rule) if rule.enabled else NopPruner()


def judged(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """Trials as the sampler should see them: what was given up, with the value it was heading for.

    Optuna's TPE takes every completed trial for better than any pruned one. Here what is given up
    is worse than the best, yet better than most of what completed before there was a best; so it
    is told the best value less how far the trial was behind on the same folds.
    """
    complete = [one for one in trials if one.state is TrialState.COMPLETE]
    seen = [one for one in complete if one.intermediate_values]
    best = max(seen, key=_value, default=None)
    told = [_told(one, _value(one)) for one in complete]
    for one in trials:
        step = one.last_step
        if best is None or one.state is not TrialState.PRUNED or step is None:
            continue
        behind = best.intermediate_values[step] - one.intermediate_values[step]
        told.append(_told(one, _value(best) - behind))
    return told


def _told(trial: FrozenTrial, value: float) -> FrozenTrial:
    return create_trial(value=value, params=trial.params, distributions=trial.distributions)
