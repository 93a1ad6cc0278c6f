"""The shapes of the canonical tables, checked in microseconds at every seam.

What must be *true* of the data is the business of ``expectations/``; a contract only says which
columns exist and of what kind they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from onstage.columns import Columns
from onstage.errors import ContractError


ID_KINDS = "iuOTU"
TIME_KINDS = "iM"
NUMBER_KINDS = "iuf"


def kind_of(values: pd.Series) -> str:
    """NumPy's one-letter kind of a column; ``T`` for pandas strings, ``M`` for zoned times."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return "M"
    if isinstance(values.dtype, pd.StringDtype):
        return "T"
    return str(values.dtype.kind)


@dataclass(frozen=True)
class TableContract:
    """Column names and kinds of one table.

    Parameters
    ----------
    name
        The table's name, used in messages.
    required, optional
        Column name to the allowed dtype kinds, as letters. Other columns are let through.
    """

    name: str
    required: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def check(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return `table` unchanged, or raise.

        Raises
        ------
        ContractError
            A required column is missing, or a column has another kind.
        """
        missing = [column for column in self.required if column not in table.columns]
        if missing:
            message = (
                f"{self.name}: no column {missing[0]!r}; the table has {list(table.columns)[:12]}"
            )
            raise ContractError(message)
        for column, kinds in {**self.required, **self.optional}.items():
            if column in table.columns and kind_of(table[column]) not in kinds:
                message = (
                    f"{self.name}.{column}: dtype {table[column].dtype}, "
                    f"expected one of the kinds {kinds!r}"
                )
                raise ContractError(message)
        return table


INTERACTIONS = TableContract(
    name="interactions",
    required=MappingProxyType(
        {Columns.USER: ID_KINDS, Columns.ITEM: ID_KINDS, Columns.TIME: TIME_KINDS}
    ),
    optional=MappingProxyType(
        {
            Columns.WEIGHT: NUMBER_KINDS,
            Columns.ENDS_AT: TIME_KINDS,
            Columns.DURATION: NUMBER_KINDS,
            Columns.EVENT: "OTU",
            Columns.BROADCAST: ID_KINDS,
        }
    ),
)
"""One row per user, item and instant. ``weight`` defaults to 1; ``[timestamp, ends_at)``."""

ITEMS = TableContract(name="items", required=MappingProxyType({Columns.ITEM: ID_KINDS}))
"""One row per item; ``title`` and any other attribute columns are optional."""

WINDOWS = TableContract(
    name="windows",
    required=MappingProxyType(
        {Columns.ITEM: ID_KINDS, Columns.STARTS: TIME_KINDS, Columns.ENDS: TIME_KINDS}
    ),
)
"""When items can be recommended: ``starts <= t < ends``. Windows of an item may overlap."""

RELATIONS = TableContract(
    name="relations", required=MappingProxyType({Columns.USER: ID_KINDS, Columns.ITEM: ID_KINDS})
)
"""What is known of a user and an item together (counts of views, comments, coins …)."""

RECOMMENDATIONS = TableContract(
    name="recommendations",
    required=MappingProxyType(
        {Columns.USER: ID_KINDS, Columns.ITEM: ID_KINDS, Columns.SCORE: "f", Columns.RANK: "iu"}
    ),
)
"""Best first within a user; ``rank`` counts from 1."""

TABLES = MappingProxyType({c.name: c for c in (INTERACTIONS, ITEMS, WINDOWS, RELATIONS)})
"""The canonical tables by name."""
