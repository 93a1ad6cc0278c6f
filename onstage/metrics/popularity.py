"""How popular is what is shown: novelty, mean popularity, the share of the short head."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.metrics.lists import audience_sizes
from onstage.metrics.metric import EMPTY_LIST, SHOWN, Metric


HEAD: Final = 0.2
"""Share of the items with a training row that are the short head."""

NOVELTY_METRIC: Final = Metric(
    key="novelty_at_10",
    name="novelty: mean self-information",
    family="lists",
    formula="mean over shown items of -log2((u + 1) / (U + 1))",
    divisor="items shown, also if fewer than 10",
    gain="bits; u of the U users with training rows had the item, one more had everything",
    ties=SHOWN,
    empty=EMPTY_LIST,
    span="0 to log2(U + 1)",
    better="higher",
    source="Zhou et al., PNAS 2010, equation for the self-information of an item",
    beware="new to everybody, not to this user; rs_metrics calls it surprisal, without the + 1",
)

POPULARITY_METRIC: Final = Metric(
    key="popularity_at_10",
    name="popularity bias: mean popularity of what is shown",
    family="lists",
    formula="mean over shown items of u / U",
    divisor="items shown, also if fewer than 10",
    gain="u of the U users with training rows had the item",
    ties=SHOWN,
    empty=EMPTY_LIST,
    span="0 to 1",
    better="lower",
    source="Yin et al., VLDB 2012; average recommendation popularity of Abdollahpouri et al., 2019",
    beware="often in rows or ratings instead of users, and then of no fixed scale",
)

HEAD_METRIC: Final = Metric(
    key="head_share_at_10",
    name="popularity bias: share of the short head",
    family="lists",
    formula="shown items that belong to the short head / shown items",
    divisor="items shown, also if fewer than 10",
    gain=(
        "1 for an item of the head: the most popular fifth (rounded up) of the items with a "
        "training row, by users, equals in the order of the vocabulary"
    ),
    ties=SHOWN,
    empty=EMPTY_LIST,
    span="0 to 1",
    better="lower",
    source="Abdollahpouri, Burke and Mobasher, RecSys 2017 (one minus its long-tail share)",
    beware="elsewhere the head is a share of the interactions, not of the items",
)


def self_information(counts: sparse.csr_matrix) -> NDArray[np.float64]:
    """Bits of surprise in each item: ``-log2((users + 1) / (all users + 1))``; shape (n_items,).

    Parameters
    ----------
    counts : csr_matrix, shape (n_users, n_items)
        Training interactions. One more user, who had everything, keeps unseen items finite.

    References
    ----------
    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
    2010, equation for the self-information of an item.
    """
    users, active = audience_sizes(counts)
    return np.asarray(-np.log2((users + 1) / (active + 1)), dtype=np.float64)


def user_share(counts: sparse.csr_matrix) -> NDArray[np.float64]:
    """Share of the users with training rows who had each item, shape (n_items,); 0 without any."""
    users, active = audience_sizes(counts)
    return np.asarray(users / max(active, 1), dtype=np.float64)


def short_head(counts: sparse.csr_matrix) -> NDArray[np.float64]:
    """1 for the most popular fifth (rounded up) of the items with a training row, else 0."""
    users, _ = audience_sizes(counts)
    size = int(np.ceil(HEAD * np.count_nonzero(users)))
    head = np.zeros(len(users))
    head[np.argsort(-users, kind="stable")[:size]] = 1.0
    return head
