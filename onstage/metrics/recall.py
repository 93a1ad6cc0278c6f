"""How much of what is relevant was shown, in both conventions."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, MEAN_RANK, Metric
from onstage.metrics.ranks import Ranks


RECALL: Final = Metric(
    key="recall_at_k",
    name="recall, by n",
    family="relevance",
    formula="hits / n",
    divisor="n, all relevant items: cannot reach 1 where n > k",
    gain="1 for a hit, whatever its place within the depth",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to min(k, n) / n",
    better="higher",
    source="Baeza-Yates and Ribeiro-Neto, Modern Information Retrieval, 1999; ranx, TREC",
    beware="several papers and libraries divide by min(k, n) under this name: see recall_min_at_k",
)

RECALL_MIN: Final = Metric(
    key="recall_min_at_k",
    name="recall, by min(k, n)",
    family="relevance",
    formula="hits / min(k, n)",
    divisor="min(k, n), what a list of k can hold: a perfect list has 1",
    gain="1 for a hit, whatever its place within the depth",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to 1",
    better="higher",
    source="Liang et al., WWW 2018 (Mult-VAE); Steck, WWW 2019 (EASE)",
    beware=(
        "implicit.evaluation calls it `precision`, and divides the sum of hits over all users by "
        "the sum of min(k, n), so its users weigh by what they have"
    ),
)


def recall(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Relevant items within depth `k`, divided by all `n` relevant ones; shape (n_events,).

    Cannot reach 1 where ``n > k``.
    """
    return ranks.hits(k) / ranks.n_relevant


def recall_min(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Relevant items within depth `k`, divided by ``min(k, n)``; shape (n_events,).

    The convention of the variational-autoencoder and EASE papers, and of
    ``implicit.evaluation`` (there called ``precision``, and summed before it is divided).
    """
    return ranks.hits(k) / np.minimum(k, ranks.n_relevant)
