"""What pruning by folds saves a sweep of SVD, at an equal best value.

Run: ``python -m benchmarks.ratings_sweep`` (``--help`` for sizes). For each seed the same study is
made three times: with every trial on all folds; with trials given up once the folds they had decide
it; and the latter started from the best of a sweep on another half of the pairs, as a nightly sweep
starts from yesterday's. Compute is counted as factors x epochs summed over the folds fitted, which
no other process disturbs; seconds stand beside it. Data: the ratings of MovieLens below
ONSTAGE_DATA in two halves of 50,000 pairs, else ratings drawn from a factor model. Three to six
minutes a seed; ``--seeds 0 --pairs 4000`` is done in twenty seconds.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, arguments_of, tell
from benchmarks.ratings_here import ratings_here
from onstage.evaluation.ratings.folds import Fold, k_folds, sampled
from onstage.models.catalog import ModelConfig
from onstage.models.ratings.svd import SvdConfig
from onstage.seeds import generator
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.ratings.config import FoldPruning
from onstage.tuning.ratings.objective import FoldsObjective
from onstage.tuning.ratings.paired import judged, pruner_of
from onstage.tuning.space import load_space
from onstage.tuning.study import sweep


@dataclass(frozen=True)
class Study:
    """Trials of one study, in order: value reached (nan where given up), work and seconds."""

    reached: list[float]
    work: list[int]
    seconds: list[float]
    best: ModelConfig

    def share(self, of: "Study", *, of_seconds: bool = False) -> float:
        """Compute until the best value of `of` was reached, over all that `of` spent."""
        mine, all_of_it = (self.seconds, of.seconds) if of_seconds else (self.work, of.work)
        reached = [n for n, v in enumerate(self.reached) if v >= max(of.reached)]
        return sum(mine[: reached[0] + 1]) / sum(all_of_it) if reached else float("inf")


class Counted:
    """An objective that keeps what every call cost, also of a trial that is given up."""

    def __init__(self, folds: Sequence[Fold], seed: int) -> None:
        self._ask = FoldsObjective(folds, seed)
        self.n_folds = len(folds)
        self.values: list[float] = []
        self.work: list[int] = []

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        """Ask, and count."""
        seen = _Seen(watch)
        self.values.append(float("nan"))
        self.work.append(0)
        try:
            outcome = self._ask(config, seen)
            self.values[-1] = outcome.value
            return outcome
        finally:
            self.work[-1] = seen.folds * _size(config)


def _size(config: ModelConfig) -> int:
    return config.n_factors * config.n_epochs if isinstance(config, SvdConfig) else 0


class _Seen:
    def __init__(self, watch: Watch) -> None:
        self._watch, self.folds = watch, 0

    def wants(self, iteration: int) -> bool:
        self.folds = iteration
        return self._watch.wants(iteration)

    def report(self, iteration: int, value: float) -> None:
        self._watch.report(iteration, value)


def study(
    folds: Sequence[Fold], seed: int, trials: int, rule: FoldPruning, warm: ModelConfig | None
) -> Study:
    """One study, from nothing."""
    objective = Counted(folds, seed)
    with tempfile.TemporaryDirectory() as folder:
        result = sweep(
            "svd",
            None,
            load_space("svd"),
            objective,
            trials=trials,
            seed=seed,
            folder=Path(folder),
            metric="minus_rmse",
            progress=False,
            looks=len(folds),
            pruner=pruner_of(rule),
            judge=judged if rule.enabled else None,
            warm=warm,
        )
    seconds = (result.trials["fit_seconds"] + result.trials["evaluate_seconds"].fillna(0)).tolist()
    return Study(objective.values, objective.work, seconds, result.best_config)


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--margin", type=float, default=FoldPruning().margin)
    parser.add_argument("--after", type=int, default=FoldPruning().after)
    parser.add_argument("--patience", type=int, default=2, help="times the trials, at most")
    asked = parser.parse_args()
    rule = FoldPruning(margin=asked.margin, after=asked.after)
    name, whole = ratings_here(0)
    rows = []
    for seed in asked.seeds:
        some = sampled(whole, 2 * asked.pairs, generator(seed, "bench", "sample"))
        mine = generator(seed, "bench", "half").permutation(len(some)) < len(some) // 2
        folds = k_folds(some.take(mine), 3, generator(seed, "bench", "folds"))
        before = k_folds(some.take(~mine), 3, generator(seed, "bench", "yesterday"))
        none, most = FoldPruning(enabled=False), asked.trials * asked.patience
        full = study(folds, seed, asked.trials, none, None)
        cold = study(folds, seed, most, rule, None)
        yesterday = study(before, seed, asked.trials, rule, None).best
        warm = study(folds, seed, most, rule, yesterday)
        rows.append(told(seed, asked.trials, full, cold, warm))
    names = ("work to equal best", "the same in seconds", "work to equal best, warm start")
    targets = (40.0, None, None)
    figures = [
        Figure(f"pruned SVD sweep: {what}, of unpruned", "%", finite(column), at_most=target)
        for what, column, target in zip(names, zip(*rows, strict=True), targets, strict=True)
    ]
    about = f"{name}, {asked.pairs:,} pairs a study, 3 folds, {asked.trials} trials, {rule}"
    tell(about, figures, asked.output)


def finite(shares: Sequence[float]) -> tuple[float, ...]:
    """In per cent; a sweep that never got there stands as ten times the work."""
    return tuple(100 * min(share, 10.0) for share in shares)


def told(seed: int, trials: int, full: Study, cold: Study, warm: Study) -> tuple[float, ...]:
    """Print one seed's line; its shares."""
    same = Study(cold.reached[:trials], cold.work[:trials], cold.seconds[:trials], cold.best)
    gap = max(full.reached) - np.nanmax(same.reached)
    spent = sum(same.work) / sum(full.work)
    alone = full.share(full)
    shares = (cold.share(full), cold.share(full, of_seconds=True), warm.share(full))
    completed = sum(1 for value in same.reached if np.isfinite(value))
    print(
        f"seed {seed}: unpruned best RMSE {-max(full.reached):.5f}, reached at {alone:.0%} of its "
        f"work; pruned: reached at {shares[0]:.0%}, warm {shares[2]:.0%}; all "
        f"{trials} trials pruned cost {spent:.0%} ({completed} on all folds), RMSE {gap:+.5f}",
        flush=True,
    )
    return shares


if __name__ == "__main__":
    main()
