"""Two numbers of a table against each other, coloured by day of the week."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from typing_extensions import override

from onstage.exploring.correlations import STRONG, Correlations
from onstage.exploring.exhibit import UNTOLD, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import coefficient, count


@dataclass(frozen=True, kw_only=True)
class Scatters(Exhibit):
    """Some pairs of columns, drawn for a sample of the rows.

    Attributes
    ----------
    pairs
        Columns across and up, one plot each.
    coefficients
        Pearson's correlation of each pair over all rows; nan where undefined.
    sample : pandas.DataFrame
        All columns of the pairs, and ``weekday`` where days have one.
    rows
        Rows of the table.
    """

    pairs: tuple[tuple[str, str], ...]
    coefficients: tuple[float, ...]
    sample: pd.DataFrame = field(metadata=UNTOLD)
    rows: int

    @property
    @override
    def sentence(self) -> str:
        known = [(p, r) for p, r in zip(self.pairs, self.coefficients, strict=True) if r == r]  # noqa: PLR0124
        if not known:
            return "No two of these columns vary together: a correlation is undefined."
        linear = [(p, r) for p, r in known if abs(r) >= STRONG]
        if not linear:
            (a, b), r = max(known, key=lambda one: abs(one[1]))
            return (
                f"No pair is close to a line; the nearest is {a} with {b} (r = {coefficient(r)})."
            )
        said = "; ".join(f"{a} with {b} (r = {coefficient(r)})" for (a, b), r in linear)
        none = len(known) - len(linear)
        rest = f" The other {count(none)} {'does' if none == 1 else 'do'} not." if none else ""
        return f"Near a line: {said}.{rest}"

    @override
    def facts(self) -> dict[str, object]:
        drawn = {"sample_rows": len(self.sample)}
        return {**super().facts(), **drawn}


def scatters(
    tables: Tables,
    view: str,
    pairs: Sequence[tuple[str, str]],
    related: Correlations,
    words: tuple[str, str],
) -> Scatters:
    """Take a seeded sample of a view's rows for the plots.

    Parameters
    ----------
    pairs
        Columns of the view.
    related
        Correlations of the same view.
    words
        Key and title.
    """
    columns = list(dict.fromkeys(name for pair in pairs for name in pair))
    extra = ["weekday"] if tables.calendar and tables.has(view, "weekday") else []
    sample = tables.sample(view, [*columns, *extra])
    rows = tables.rows[view]
    note = f"drawn: a sample of {count(len(sample))} of {count(rows)} rows; r is of all rows"
    return Scatters(
        key=words[0],
        title=words[1],
        pairs=tuple(pairs),
        coefficients=tuple(related.of(a, b) for a, b in pairs),
        sample=sample,
        rows=rows,
        notes=(note,) * (len(sample) < rows),
    )
