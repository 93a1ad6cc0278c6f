"""Rows that are set aside, with the reasons and everything needed to repair them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


COLUMNS = ("table", "row", "reasons", "values")


@dataclass(frozen=True)
class Sorting:
    """One table's rows, sorted into sound and bad ones.

    Attributes
    ----------
    rows
        Of the table.
    counts
        Rows by reason.
    aside : pandas.DataFrame
        The bad rows; see :func:`quarantine`.
    """

    rows: int
    counts: Mapping[str, int]
    aside: pd.DataFrame

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Mask of the bad rows, of shape (n_rows,)."""
        mask = np.zeros(self.rows, dtype=np.bool_)
        mask[self.aside["row"]] = True
        return mask

    def sound(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of the table that break no rule, in their order, numbered anew."""
        return table[~self.bad].reset_index(drop=True) if len(self.aside) else table


def sort_out(name: str, table: pd.DataFrame, reasons: Mapping[str, NDArray[np.bool_]]) -> Sorting:
    """Set the rows of a table aside that any reason names; `reasons` has a mask for each."""
    bad = np.logical_or.reduce([np.zeros(len(table), dtype=np.bool_), *reasons.values()])
    counts = {reason: int(mask.sum()) for reason, mask in reasons.items()}
    return Sorting(len(table), counts, _aside(name, table, np.flatnonzero(bad), reasons))


def joined(parts: Sequence[Sorting], numbers: Sequence[NDArray[np.int64]]) -> Sorting:
    """Sorting of a table from those of its parts; `numbers` are those of the parts' bad rows."""
    if len(parts) == 1:
        return parts[0]
    counts: dict[str, int] = {}
    for part in parts:
        counts |= {reason: counts.get(reason, 0) + n for reason, n in part.counts.items()}
    asides = [part.aside.assign(row=rows) for part, rows in zip(parts, numbers, strict=True)]
    aside = pd.concat(asides, ignore_index=True).sort_values("row", ignore_index=True)
    return Sorting(sum(part.rows for part in parts), counts, aside)


def quarantine(sortings: Mapping[str, Sorting]) -> pd.DataFrame:
    """Put the bad rows of all tables into one.

    Returns
    -------
    pandas.DataFrame
        ``table``; ``row``, counted from 0 in the table as it arrived; ``reasons``, joined by
        ``;``; ``values``, the row as a JSON object of strings, null where a value was missing.
    """
    parts = [sorting.aside for sorting in sortings.values() if len(sorting.aside)]
    empty = pd.DataFrame({c: pd.Series(dtype="int64" if c == "row" else "str") for c in COLUMNS})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _aside(
    name: str,
    table: pd.DataFrame,
    rows: NDArray[np.int64],
    reasons: Mapping[str, NDArray[np.bool_]],
) -> pd.DataFrame:
    told = np.full(len(rows), "", dtype=object)
    for reason, mask in reasons.items():
        hit = mask[rows]
        told[hit] = [f"{before};{reason}" if before else reason for before in told[hit]]
    bad = table.iloc[rows]
    columns = {str(c): bad[c].astype("object").where(bad[c].notna(), None) for c in bad.columns}
    records = zip(*columns.values(), strict=True)
    values = [
        json.dumps(
            {c: None if v is None else str(v) for c, v in zip(columns, record, strict=True)},
            ensure_ascii=False,
        )
        for record in records
    ]
    return pd.DataFrame(
        {
            "table": pd.array([name] * len(rows), dtype="str"),
            "row": rows.astype(np.int64),
            "reasons": pd.array(list(told), dtype="str"),
            "values": pd.array(values, dtype="str"),
        }
    )
