"""Why an item was recommended, in terms of what the user had."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.types import Id


@dataclass(frozen=True, eq=False)
class Explanation:
    """A score as a sum over the user's own items.

    Attributes
    ----------
    user, item
        Whose score of what.
    score
        The sum of all contributions.
    parts : pandas.DataFrame, shape (n_own_items, 2)
        ``item_id`` and ``contribution``, the largest first; equal ones by their place in the
        vocabulary. A contribution below 0 speaks against the item.

    References
    ----------
    Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008,
    section 5.
    """

    user: Id
    item: Id
    score: float
    parts: pd.DataFrame

    @classmethod
    def of(cls, user: Id, item: Id, own: pd.Index, added: NDArray[np.float64]) -> Self:
        """Order the contributions of the `own` items."""
        order = np.argsort(-added, kind="stable")
        columns = {Columns.ITEM: own[order].to_numpy(), Columns.CONTRIBUTION: added[order]}
        return cls(user, item, float(added.sum()), pd.DataFrame(columns))
