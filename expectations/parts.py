"""A large log in parts of users: its validation takes the memory of one part.

What the suite of the interactions asks concerns a row, the rows of a user, or what all rows have
alike, so that the verdict on the whole follows from verdicts on parts that divide no user.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.suites import judged_by_user
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.kinds import IDS, NUMBERS, TIMES
from onstage.data.sources.engine import engine, identifier, rows_of


ROWS_AT_ONCE: Final = 2**24
"""Rows that are validated at once; a log of more is taken in parts of about so many."""
ROW: Final = "file_row_number"
"""Column with the number of a row in its file: DuckDB's name for it."""
SAMPLED: Final = 65_536
"""Rows of which the bounds of the parts are taken."""


@dataclass(frozen=True)
class Cut:
    """Where a file of interactions is divided.

    Attributes
    ----------
    path
        The Parquet file.
    bounds
        Users, ascending: a part has those from one bound up to, and without, the next. Rows
        without a user are in the first part. Nothing: the table is taken as a whole.
    """

    path: Path
    bounds: tuple[int | str, ...] = ()

    @classmethod
    def of(cls, path: Path, clock: Clock, rows_at_once: int) -> "Cut":
        """Divide a file of more than `rows_at_once` rows, if its parts can stand for the whole.

        They cannot where a column must be settled first, which looks at all of its values, or
        where the suite asks what only the whole table can answer.
        """
        file = pq.ParquetFile(path)
        many = -(-file.metadata.num_rows // rows_at_once)
        if many < 2 or not (_settled(file, clock) and judged_by_user("interactions")):  # noqa: PLR2004
            return cls(path)
        users = _sample(file)
        ends = users[[len(users) * n // many for n in range(1, many)]] if len(users) else users
        return cls(path, tuple(one for one in np.unique(ends).tolist() if one > users[0]))

    def tables(self, scratch: Path) -> Iterator[pa.Table]:
        """The parts in the order of their users, the rows of each in that of the file.

        Each has the numbers of its rows in a column more, :data:`ROW`. What does not fit into
        ``ONSTAGE_MEMORY`` goes to the folder `scratch` meanwhile.
        """
        user = identifier(Columns.USER)
        rows = f"SELECT * FROM read_parquet($path, {ROW} = true) WHERE "  # noqa: S608
        with engine(scratch) as connection:
            for low, high in pairwise([None, *self.bounds, None]):
                if low is None:
                    where, limits = f"{user} < $high OR {user} IS NULL", {"high": high}
                elif high is None:
                    where, limits = f"{user} >= $low", {"low": low}
                else:
                    where, limits = f"{user} >= $low AND {user} < $high", {"low": low, "high": high}
                values = {"path": str(self.path), **limits}
                yield rows_of(connection, rows + where, values, self.path)


def _settled(file: pq.ParquetFile, clock: Clock) -> bool:
    """Whether each column is of the type that it would be settled to, whatever its values."""
    schema = file.schema_arrow
    times = pa.int64() if clock.kind == "step" else pa.timestamp("us", tz="UTC")
    required = {Columns.USER, Columns.ITEM, Columns.TIME}
    return (
        required <= set(schema.names)
        and ROW not in schema.names
        and all(
            (field.name not in TIMES or field.type == times)
            and (field.name not in IDS or field.type in (pa.int64(), pa.string()))
            and (field.name not in NUMBERS or _numeric(file, field))
            and (field.name != Columns.EVENT or field.type == pa.string())
            for field in schema
        )
    )


def _numeric(file: pq.ParquetFile, field: pa.Field) -> bool:
    """Whether a column holds floats, or integers of which none is missing."""
    if pa.types.is_floating(field.type):
        return True
    groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
    found = [group.column(file.schema.names.index(field.name)).statistics for group in groups]
    return pa.types.is_integer(field.type) and all(one and one.null_count == 0 for one in found)


def _sample(file: pq.ParquetFile) -> np.ndarray:
    """Every so many-th user of a file, ascending."""
    step = max(file.metadata.num_rows // SAMPLED, 1)
    found, skip = [], 0
    for batch in file.iter_batches(columns=[Columns.USER]):
        found.append(batch.column(0).take(pa.array(np.arange(skip, len(batch), step))))
        skip = (skip - len(batch)) % step
    return np.sort(pa.chunked_array(found).drop_null().to_numpy())
