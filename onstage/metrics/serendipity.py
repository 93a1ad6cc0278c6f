"""What was found that popularity would not have shown."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, SHOWN, Metric
from onstage.types import Positions


SERENDIPITY_METRIC: Final = Metric(
    key="serendipity_at_10",
    name="serendipity against popularity",
    family="lists",
    formula=(
        "shown items that are relevant and not among the event's 10 most popular candidates, "
        "over min(10, n)"
    ),
    divisor="min(10, n): at most recall_min_at_10 where nothing is tied; popularity itself has 0",
    gain="1 for such an item, whatever its place",
    ties=(
        f"{SHOWN}; popularity by training rows, its equals in the order of the vocabulary, among "
        "the candidates of the same event"
    ),
    empty=ASKED,
    span="0 to 1",
    better="higher",
    source=(
        "Murakami, Mori and Orihara, JSAI 2007, and Ge, Delgado-Battenfeld and Jannach, RecSys "
        "2010: useful and not made by a primitive model; they divide by the list"
    ),
)


def among_most_popular(
    valid: NDArray[np.bool_],
    sizes: Positions,
    popularity: NDArray[np.float32],
    line: Positions,
    column: Positions,
    k: int,
) -> NDArray[np.bool_]:
    """Whether some candidates are among the `k` most popular ones of their row.

    Parameters
    ----------
    valid : ndarray of bool, shape (n, m)
        Whether a column is a candidate of a row.
    sizes : ndarray of int64, shape (n,)
        Candidates of each row.
    popularity : ndarray of float32, shape (m,) or (n, m)
        Equals in the order of the columns.
    line, column : ndarray of int64, shape (n_pairs,)
        Candidates.

    Notes
    -----
    With shared columns only those pairs are looked at whose place depends on what their row leaves
    out; what is left to compare is cut off at the last of their places.
    """
    if popularity.ndim == 1:
        return _among_shared(valid, sizes, popularity, line, column, k)
    own = popularity[line]
    mine = np.take_along_axis(own, column[:, None], axis=1)
    earlier = np.arange(own.shape[1]) < column[:, None]
    ahead = ((own > mine) | ((own == mine) & earlier)) & valid[line]
    return np.asarray(np.count_nonzero(ahead, axis=1) < k)


def _among_shared(
    valid: NDArray[np.bool_],
    sizes: Positions,
    popularity: NDArray[np.float32],
    line: Positions,
    column: Positions,
    k: int,
) -> NDArray[np.bool_]:
    order = np.argsort(-popularity, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    at = place[column]
    found = at < k
    missing = valid.shape[1] - sizes[line]
    unsure = np.flatnonzero(~found & (at < k + missing))
    if len(unsure):
        at = at[unsure]
        first = valid[np.ix_(line[unsure], order[: at.max()])]
        ahead = np.count_nonzero(first & (np.arange(at.max()) < at[:, None]), axis=1)
        found[unsure] = ahead < k
    return found
