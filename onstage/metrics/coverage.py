"""How much of the catalogue is ever shown, and how evenly."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import SHOWN, Metric
from onstage.types import Positions


COVERAGE_METRIC: Final = Metric(
    key="coverage_at_10",
    name="catalogue coverage",
    family="lists",
    formula="distinct items in all lists / distinct items that were a candidate of some event",
    divisor="candidates, not the vocabulary: what was never available could not be shown",
    gain="1 for an item in the first list that has it",
    ties=SHOWN,
    empty="an empty list adds nothing; nan outside the group all and for kinds of viewers",
    span="0 to 1",
    better="higher",
    source="Ge, Delgado-Battenfeld and Jannach, RecSys 2010, section 2.1",
    average="sum",
    beware="grows with the number of events: compare models on the same events only",
)

GINI_METRIC: Final = Metric(
    key="gini_at_10",
    name="Gini coefficient of exposure",
    family="lists",
    formula="sum over items of (2 i - N - 1) x_i / (N sum of x), x_i times shown, ascending",
    divisor="N, the distinct items that were a candidate of some event; those never shown count 0",
    gain="1 for each time shown, whatever the place in the list",
    ties=SHOWN,
    empty="nan if nothing was shown at all, outside the group all and for kinds of viewers",
    span="0 (all candidates shown equally often) to 1 - 1 / N (one item alone)",
    better="lower",
    source="Gini 1912; for recommendations Fleder and Hosanagar, Management Science 2009",
    average="sum",
    beware="some leave out items never shown, which makes lists look fairer",
)


def new_items(event: Positions, item: Positions, n_events: int) -> NDArray[np.int64]:
    """Items in each event's list that are in no earlier event's list, shape (n_events,).

    Summed over events and divided by the size of the catalogue, that is coverage.

    Parameters
    ----------
    event, item : ndarray of int64, shape (n_recommended,)
        Event numbers and item positions, in any order.
    """
    latest_first = np.argsort(event, kind="stable")[::-1]
    first = np.full(item.max(initial=-1) + 1, -1)
    first[item[latest_first]] = event[latest_first]  # the last one written, the earliest, stays
    return np.bincount(first[first >= 0], minlength=n_events)


def gini_shares(
    event: Positions, item: Positions, n_events: int, n_catalogue: int
) -> NDArray[np.float64]:
    """What each event's list adds to the Gini coefficient of exposure, shape (n_events,).

    Each showing of an item adds ``(2 i - N - 1) / (N x)``, where ``i`` is the item's place by
    exposure (mean place among equals), ``N`` the catalogue and ``x`` all showings: the sum over
    events is the coefficient.

    Parameters
    ----------
    event, item : ndarray of int64, shape (n_recommended,)
        Event numbers and item positions, in any order.
    n_catalogue
        Items that could have been shown, at least the distinct ones of `item`.

    Returns
    -------
    ndarray of float64
        ``nan`` if nothing was shown.
    """
    if len(item) == 0:
        return np.full(n_events, np.nan)
    exposure = np.bincount(item)
    ascending = np.sort(exposure[exposure > 0])
    below = np.searchsorted(ascending, exposure, side="left")
    upto = np.searchsorted(ascending, exposure, side="right")
    place = n_catalogue - len(ascending) + (below + upto + 1) / 2
    weight = (2 * place - n_catalogue - 1) / (n_catalogue * len(item))
    shares = np.bincount(event, weights=weight[item], minlength=n_events)
    return np.asarray(shares, dtype=np.float64)
