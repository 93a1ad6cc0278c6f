"""Which numbers of a table go together."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from typing_extensions import override

from onstage.data.sources.engine import identifier as q
from onstage.exploring.exhibit import Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import coefficient, listed


@dataclass(frozen=True, kw_only=True)
class Correlations(Exhibit):
    """Pearson's correlation of every two numbers, over all rows that have both.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_columns, n_columns)
        Symmetric, 1 on the diagonal; nan where undefined: a constant column, or fewer than two rows
        that have both.
    rows
        Rows of the table.
    """

    table: pd.DataFrame
    rows: int

    def of(self, a: str, b: str) -> float:
        """The correlation of two columns; nan where it is undefined or a column has no value."""
        if a not in self.table or b not in self.table:
            return math.nan
        values = self.table[b].to_numpy(dtype=np.float64)
        return float(values[self.table.index.get_loc(a)])

    @property
    def pairs(self) -> list[tuple[str, str, float]]:
        """Every two columns with a defined correlation, the strongest first."""
        names = list(self.table.columns)
        found = [(a, b, self.of(a, b)) for a, b in combinations(names, 2)]
        known = [pair for pair in found if not math.isnan(pair[2])]
        return sorted(known, key=lambda pair: (-abs(pair[2]), pair[0], pair[1]))

    @property
    @override
    def sentence(self) -> str:
        pairs = self.pairs
        if not pairs:
            return "No two columns have a defined correlation."
        strong = [pair for pair in pairs if abs(pair[2]) >= STRONG]
        a, b, most = pairs[0]
        text = f"The strongest correlation is that of {a} and {b} ({coefficient(most)})"
        if not strong:
            return f"{text}; none reaches {STRONG}."
        if len(pairs) > 1:
            c, d, least = pairs[-1]
            text += f", the weakest that of {c} and {d} ({coefficient(least)})"
        verb = "reaches" if len(strong) == 1 else "reach"
        return f"{text}; {len(strong)} of {len(pairs)} {verb} {STRONG}."

    @override
    def facts(self) -> dict[str, object]:
        listed_pairs = [{"a": a, "b": b, "r": r} for a, b, r in self.pairs]
        return {**super().facts(), "table": list(self.table.columns), "pairs": listed_pairs}


STRONG = 0.5
"""From here on a correlation is called strong."""


def correlations(tables: Tables, view: str, key: str, title: str) -> Correlations | None:
    """Correlate the numbers of a view; None where fewer than two columns have any value."""
    names = list(tables.numbers.get(view, ()))
    spread = {name: _spread(tables, view, name) for name in names}
    there = [name for name in names if spread[name][0]]
    if len(there) < 2:  # noqa: PLR2004  # it takes two
        return None
    constant = [name for name in there if spread[name][1] == spread[name][2]]
    empty = [name for name in names if not spread[name][0]]
    varied = [name for name in there if name not in constant]
    table = pd.DataFrame(np.nan, index=there, columns=there)
    for name in varied:
        table.loc[name, name] = 1.0
    pairs = list(combinations(varied, 2))
    for (a, b), r in zip(pairs, _coefficients(tables, view, pairs), strict=True):
        table.loc[a, b] = table.loc[b, a] = math.nan if r is None else r
    notes = []
    if constant:
        notes.append(f"blank: {listed(constant)} {_is(constant)} constant, so no correlation")
    if empty:
        notes.append(f"{listed(empty)} {_is(empty)} left out: no row has a value")
    return Correlations(
        key=key, title=title, table=table, rows=tables.rows[view], notes=tuple(notes)
    )


def _coefficients(
    tables: Tables, view: str, pairs: list[tuple[str, str]]
) -> tuple[float | None, ...]:
    """All in one scan."""
    if not pairs:
        return ()
    chosen = ", ".join(f"corr({q(a)}, {q(b)})" for a, b in pairs)
    with tables.in_order():
        return tables.row(f"SELECT {chosen} FROM {view}")


def _spread(tables: Tables, view: str, name: str) -> tuple[int, float, float]:
    n, low, high = tables.row(
        f"SELECT count({q(name)}), min({q(name)}), max({q(name)}) FROM {view}"
    )
    return n, low, high


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
