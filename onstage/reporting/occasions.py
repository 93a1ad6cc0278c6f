"""Scores by occasions as tables: models down, buckets across."""

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.evaluation.occasions import BUCKET, GAPS, HOUR, OCCASION, SINCE
from onstage.reporting.tables import PRIMARY, markdown_table


HOURS = 4
"""Hours of one column."""


def occasion_table(
    rows: pd.DataFrame, protocol: str, what: str, *, metric: str = PRIMARY
) -> pd.DataFrame:
    """Pivot one kind of occasion of one protocol, best model first.

    Parameters
    ----------
    rows
        ``model, protocol`` and the columns of :func:`onstage.evaluation.occasions.by_occasion`.
    what
        ``since_last_visit`` or ``hour_of_day`` (in columns of four hours, weighted by events).

    Returns
    -------
    pandas.DataFrame
        Texts: ``model``, then a column a bucket, named with its number of events.
    """
    chosen = rows[
        (rows[Columns.PROTOCOL] == protocol)
        & (rows[OCCASION] == what)
        & (rows[Columns.METRIC] == metric)
    ]
    table = chosen.assign(**{BUCKET: chosen[BUCKET].map(_label if what == HOUR else str)})
    table["sum"] = table[Columns.VALUE] * table["n"]
    sums = table.groupby([Columns.MODEL, BUCKET])[["sum", "n"]].sum()
    means = (sums["sum"] / sums["n"]).rename("mean").reset_index()
    values = means.pivot_table(index=Columns.MODEL, columns=BUCKET, values="mean")
    whole = table.groupby(Columns.MODEL)[["sum", "n"]].sum()
    order = (whole["sum"] / whole["n"]).sort_values(ascending=False, kind="stable").index
    found = [str(bucket) for bucket in values.columns]
    buckets = [b for b in GAPS if b in found] if what == SINCE else sorted(found)
    events = sums["n"].groupby(BUCKET).max()
    shown = pd.DataFrame(values.loc[order, buckets]).map(_text)
    shown.columns = pd.Index([f"{b} ({int(events[b]):,})" for b in buckets])
    return shown.reset_index(names=Columns.MODEL)


def occasions_markdown(rows: pd.DataFrame, protocol: str, *, metric: str = PRIMARY) -> str:
    """Both tables of one protocol as Markdown, titled; nothing where there are no occasions."""
    if rows.empty or not (rows[Columns.PROTOCOL] == protocol).any():
        return ""
    name = metric.replace("_at_", "@")
    titles = {
        SINCE: "by time since the user last watched the target",
        HOUR: "by hour of the day",
    }
    return "\n".join(
        f"**{protocol}, {name} {title} (events)**\n\n"
        f"{markdown_table(occasion_table(rows, protocol, what, metric=metric))}"
        for what, title in titles.items()
    )


def _text(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def _label(hour: str) -> str:
    low = int(hour) // HOURS * HOURS
    return f"{low:02d}-{low + HOURS:02d} h"
