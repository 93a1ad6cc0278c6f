"""Rows that are set aside, with the reasons and everything needed to repair them."""

import json
from collections.abc import Mapping
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
    table
        As it arrived, columns settled.
    bad : ndarray of bool, shape (n_rows,)
    reasons
        Reason to mask.
    """

    table: pd.DataFrame
    bad: NDArray[np.bool_]
    reasons: Mapping[str, NDArray[np.bool_]]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by reason."""
        return {reason: int(mask.sum()) for reason, mask in self.reasons.items()}

    @property
    def sound(self) -> pd.DataFrame:
        """Rows that break no rule, in their order, numbered anew."""
        return self.table[~self.bad].reset_index(drop=True) if self.bad.any() else self.table


def sort_out(table: pd.DataFrame, reasons: Mapping[str, NDArray[np.bool_]]) -> Sorting:
    """Mark the rows that any reason names."""
    bad = np.logical_or.reduce([np.zeros(len(table), dtype=np.bool_), *reasons.values()])
    return Sorting(table, bad, reasons)


def quarantine(sortings: Mapping[str, Sorting]) -> pd.DataFrame:
    """Put the bad rows of all tables into one.

    Returns
    -------
    pandas.DataFrame
        ``table``; ``row``, counted from 0 in the table as it arrived; ``reasons``, joined by
        ``;``; ``values``, the row as a JSON object of strings, null where a value was missing.
    """
    parts = [_part(name, sorting) for name, sorting in sortings.items() if sorting.bad.any()]
    empty = pd.DataFrame({c: pd.Series(dtype="int64" if c == "row" else "str") for c in COLUMNS})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _part(name: str, sorting: Sorting) -> pd.DataFrame:
    rows = np.flatnonzero(sorting.bad)
    reasons = np.full(len(rows), "", dtype=object)
    for reason, mask in sorting.reasons.items():
        hit = mask[rows]
        reasons[hit] = [f"{told};{reason}" if told else reason for told in reasons[hit]]
    bad = sorting.table.iloc[rows]
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
            "reasons": pd.array(list(reasons), dtype="str"),
            "values": pd.array(values, dtype="str"),
        }
    )
