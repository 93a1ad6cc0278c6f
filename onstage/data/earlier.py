"""Canonical tables as they stood at an earlier instant."""

from typing import Final

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.data.clock import Clock


SPANS: Final = {
    "interactions": (Columns.TIME, Columns.ENDS_AT),
    "windows": (Columns.STARTS, Columns.ENDS),
}
"""Tables that know time: the columns where a row begins and where it ends."""


def earlier(table: pd.DataFrame, name: str, clock: Clock, until: int) -> pd.DataFrame:
    """Keep what had begun before `until`; what still ran then ends there.

    Parameters
    ----------
    table
        ``interactions`` or ``windows`` are cut; other tables know no time and stay whole. Not
        modified.
    until
        Tick; a row that begins at `until` is gone.

    Returns
    -------
    pandas.DataFrame
        Rows in their order. Ends, and durations in seconds, are those seen from `until`.
    """
    if name not in SPANS:
        return table
    begins, ends = SPANS[name]
    kept = table[clock.ticks(table[begins]) < until].reset_index(drop=True)
    if ends not in kept or len(kept) == 0:
        return kept
    stop = clock.ticks(kept[ends])
    running = stop > until
    if not running.any():
        return kept
    seen_end = clock.times(np.minimum(stop, until)).set_axis(kept.index)
    cut = {ends: seen_end.astype(kept[ends].dtype)}
    if Columns.DURATION in kept:
        seen = (until - clock.ticks(kept[begins])) * clock.seconds_per_tick
        lasted = kept[Columns.DURATION].astype(float)
        cut[Columns.DURATION] = lasted.where(~running, np.minimum(lasted, seen))
    return kept.assign(**cut)
