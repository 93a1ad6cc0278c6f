"""Area under the ROC curve of each event."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, Metric
from onstage.metrics.ranks import Ranks


AUC_METRIC: Final = Metric(
    key="auc",
    name="area under the ROC curve",
    family="relevance",
    formula="1 - (sum of r_j - n (n + 1) / 2) / (n (N - n))",
    divisor="n (N - n), the pairs of a relevant candidate and another: all candidates, no depth",
    gain="1 for a pair in the right order",
    ties="a tied pair counts half",
    empty=f"{ASKED}; nan where every candidate is relevant",
    span="0 to 1",
    better="higher",
    source="Hanley and McNeil, Radiology 1982",
    beware=(
        "implicit.evaluation's looks at the list of K alone and guesses the rest; a mean of the "
        "users' AUC is not the AUC of all pairs together"
    ),
)


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
