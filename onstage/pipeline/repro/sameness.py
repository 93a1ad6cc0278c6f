"""Whether two leaderboards say the same to the last digit; if not, what differs by how much."""

import math
from typing import Any, Final

import pandas as pd
from pydantic import BaseModel, ConfigDict

from onstage.columns import Columns
from onstage.evaluation.slices import is_slice


KEYS: Final = (Columns.MODEL, Columns.PROTOCOL, Columns.GROUP, Columns.METRIC)


class Difference(BaseModel):
    """One number of a leaderboard that is not what it was."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    row: str
    """``model / protocol / group / metric``."""
    column: str
    """``value``, ``low``, ``high``, ``n`` …; ``row`` where the whole row is new or missing."""
    was: float | str | None
    now: float | str | None

    @property
    def by(self) -> float:
        """How far apart; infinite where that means nothing."""
        if isinstance(self.was, float) and isinstance(self.now, float):
            return abs(self.now - self.was)
        return math.inf

    @property
    def sentence(self) -> str:
        """One line."""
        far = "" if math.isinf(self.by) else f", by {self.by:.3g}"
        return f"{self.row}: {self.column} was {self.was}, is {self.now}{far}"


def differences(was: pd.DataFrame, now: pd.DataFrame) -> list[Difference]:
    """Every number that differs: rows that are new or gone, then values, then the rest.

    Among them kinds of viewers stand last, and the largest difference first.

    Parameters
    ----------
    was, now
        Rows of two leaderboards (:data:`onstage.reporting.tables.LEADERBOARD`), in any order.
        Equal means the same float; a missing number equals a missing one.
    """
    old, new = _by_key(was), _by_key(now)
    found = []
    for key in dict.fromkeys([*old, *new]):
        name = " / ".join(key)
        if key not in old or key not in new:
            there = ("missing", "there") if key in new else ("there", "missing")
            found.append(Difference(row=name, column="row", was=there[0], now=there[1]))
            continue
        for column in dict.fromkeys([*old[key], *new[key]]):
            one, other = _plain(old[key].get(column)), _plain(new[key].get(column))
            if one != other:
                found.append(Difference(row=name, column=column, was=one, now=other))
    return sorted(found, key=_weight)


def without_slices(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose groups are no kinds of viewers."""
    return rows[~rows[Columns.GROUP].map(is_slice)]


def _weight(found: Difference) -> tuple[int, bool, float]:
    order = {"row": 0, Columns.VALUE: 1}.get(found.column, 2)
    group = found.row.split(" / ")[-2]
    return order, is_slice(group), -found.by


def _by_key(rows: pd.DataFrame) -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        tuple(str(row[name]) for name in KEYS): {
            str(name): value for name, value in row.items() if name not in KEYS
        }
        for row in rows.to_dict("records")
    }


def _plain(value: Any) -> float | str | None:  # noqa: ANN401  # a cell of a table
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str) else float(value)
