"""What each target competes with in training."""

from dataclasses import dataclass

import numpy as np

from onstage.models.sequence.config import LiverecConfig, SequenceConfig
from onstage.models.sequence.live import LiveSets
from onstage.models.sequence.windows import Batch
from onstage.types import Positions


@dataclass(frozen=True, eq=False)
class Contest:
    """Candidates of some targets, the positive in column 0, all others live at its time.

    Attributes
    ----------
    tokens : ndarray of int64, shape (n_targets, m)
        0 is nobody.
    queries : ndarray of int64, shape (n_targets, q), or None
        Columns that the loss is about, the positive's first; -1 is nobody. None: all of them.
    """

    tokens: Positions
    queries: Positions | None


def contest(
    config: SequenceConfig, batch: Batch, live: LiveSets, rng: np.random.Generator
) -> Contest:
    """Choose the candidates of each target of a batch. Whoever was not live is never one."""
    sets = live.of[batch.row]
    positive = batch.targets[:, None]
    if config.loss == "full":
        return Contest(_all(live, sets, positive), None)
    drawn = live.draw(sets, batch.targets, config.negatives, rng)
    if isinstance(config, LiverecConfig):
        columns = np.where(drawn >= 0, drawn + 1, -1)
        return Contest(_all(live, sets, positive), np.pad(columns, ((0, 0), (1, 0))))
    return Contest(np.concatenate([positive, live.tokens(sets, drawn)], axis=1), None)


def _all(live: LiveSets, sets: Positions, positive: Positions) -> Positions:
    everybody = live.padded(sets)
    return np.concatenate([positive, np.where(everybody == positive, 0, everybody)], axis=1)
