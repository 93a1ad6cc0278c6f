"""How many clusters: the knee of the elbow bounds it from below, the silhouette decides."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray


TOLERANCE: Final = 0.02
"""A larger k must improve the silhouette by more than this."""


def knee(inertia: NDArray[np.float64]) -> int:
    """Find the k of the elbow's knee, for k = 1, 2, …, ``len(inertia)``.

    The knee is the point farthest below the straight line from the first to the last, both axes
    scaled to [0, 1]; the smaller k on a tie. 1 when there are fewer than three points or nothing
    falls.

    References
    ----------
    Satopää et al., "Finding a Kneedle in a Haystack", ICDCS Workshops 2011, section III, without
    its smoothing and its sensitivity parameter.
    """
    fewest = 3
    if len(inertia) < fewest or inertia[0] <= inertia[-1]:
        return 1
    fallen = (inertia - inertia[-1]) / (inertia[0] - inertia[-1])
    line = 1.0 - np.arange(len(inertia)) / (len(inertia) - 1)
    return int(np.argmax(np.round(line - fallen, 12))) + 1


def choose_k(elbow: pd.DataFrame, last: int | None = None) -> tuple[int, str]:
    """Choose k from the table of :attr:`onstage.clustering.clusters.Clusters.elbow`.

    Of all k from the knee on (at least 2), the smallest whose silhouette is within
    :data:`TOLERANCE` of the best of them. Inertia hardly falls beyond the true k of separated
    groups, so the knee is never beyond it, and the silhouette is largest at it.

    Parameters
    ----------
    last
        The last clustering's k, which is kept where its silhouette is within the tolerance of the
        best too: clusters do not come and go because a knee moved by one.

    Returns
    -------
    k : int
        The only k of the table if it has one; the knee where no silhouette is defined.
    reason : str
        One sentence for the report.
    """
    k, inertia = elbow["k"].to_numpy(), elbow["inertia"].to_numpy()
    bend = max(2, int(k[0]) - 1 + knee(inertia))
    open_ = elbow[(elbow["k"] >= bend) & elbow["silhouette"].notna()]
    if len(elbow) == 1 or open_.empty:
        only = int(k[0]) if len(elbow) == 1 else min(bend, int(k[-1]))
        return only, f"k = {only}: the rows allow no comparison of several k"
    best = float(open_["silhouette"].max())
    near = elbow[elbow["silhouette"] >= best - TOLERANCE]
    if last in set(near["k"]):
        kept = float(near.loc[near["k"] == last, "silhouette"].iloc[0])
        return int(last or 0), (
            f"k = {last}, as in the last clustering: its silhouette {kept:.3f} is within "
            f"{TOLERANCE} of {best:.3f}, the best from the bend of the elbow at {bend} on "
            f"({separation(kept)})"
        )
    row = near[near["k"] >= bend].iloc[0]
    chosen = int(row["k"])
    return chosen, (
        f"k = {chosen}: the elbow bends at {bend}, and from there on the silhouette is best with "
        f"{best:.3f}; {chosen} is the smallest k within {TOLERANCE} of it "
        f"({row['silhouette']:.3f}: {separation(float(row['silhouette']))})"
    )


def separation(silhouette: float) -> str:
    """Put a mean silhouette into words.

    References
    ----------
    Kaufman and Rousseeuw, "Finding Groups in Data", 1990, chapter 2, table 4.
    """
    bounds = ((0.7, "strong"), (0.5, "reasonable"), (0.25, "weak"))
    word = next((word for bound, word in bounds if silhouette > bound), "no substantial")
    return f"{word} structure"
