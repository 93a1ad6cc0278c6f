"""A model over several origins: the mean, and how much it moves from one to the next."""

from typing import Final

import pandas as pd

from onstage.columns import Columns


ORIGIN: Final = "origin"
"""Column: number of the origin, 0 for the newest."""


def over_origins(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise one metric of every model over its origins.

    Parameters
    ----------
    rows
        ``origin, model, value``, one row a model and origin.

    Returns
    -------
    pandas.DataFrame
        ``model, mean, spread, least, most, origins, first``, the best mean first. Every origin
        counts alike, however many events it asked. `spread` is the standard deviation (n - 1),
        ``nan`` for one origin; `origins` how many the model was examined at; `first` at how many
        it had the largest value, equals among them.
    """
    best = rows.groupby(ORIGIN)[Columns.VALUE].transform("max")
    marked = rows.assign(first=rows[Columns.VALUE] == best)
    found = marked.groupby(Columns.MODEL, sort=False).agg(
        mean=(Columns.VALUE, "mean"),
        spread=(Columns.VALUE, "std"),
        least=(Columns.VALUE, "min"),
        most=(Columns.VALUE, "max"),
        origins=(Columns.VALUE, "count"),
        first=("first", "sum"),
    )
    return found.reset_index().sort_values(
        "mean", ascending=False, kind="stable", ignore_index=True
    )
