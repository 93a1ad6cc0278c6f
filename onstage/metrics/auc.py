"""Area under the ROC curve of each event."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def auc(ranks: Ranks) -> NDArray[np.float64]:
    """Chance that a relevant candidate is ranked above one that is not, ties counted half.

    Exact, from the sum of mid-ranks (Mann-Whitney); shape (n_events,), in [0, 1], ``nan`` where
    every candidate is relevant.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982.
    """
    n = ranks.n_relevant.astype(np.float64)
    others = ranks.n_candidates - n
    above = ranks.total(ranks.rank) - n * (n + 1) / 2
    pairs = np.where(others > 0, n * others, np.nan)
    return np.asarray(1 - above / pairs, dtype=np.float64)
