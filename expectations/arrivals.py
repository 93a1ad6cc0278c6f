"""The tables of a batch as they arrive: read in any state, columns settled, facts derived."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from expectations.parts import ROW, ROWS_AT_ONCE, Cut
from onstage.contracts import TABLES
from onstage.data.kinds import compact, settled
from onstage.data.quality import Limits
from onstage.data.rules import facts
from onstage.errors import ContractError


INTERACTIONS: Final = "interactions"


@dataclass(frozen=True)
class Arrival:
    """One table as it arrived, or a part of it, columns settled.

    Attributes
    ----------
    table
        Without derived columns.
    frame
        With them, and without the columns of the wrong type: what row rules look at.
    wrong
        Columns of the wrong type.
    usable
        Whether it meets its contract, so that its sound rows may be written.
    numbers : ndarray of int64, shape (n_rows,), or None
        Of a part's rows in its table; None: the table is whole.
    """

    table: pd.DataFrame
    frame: pd.DataFrame
    wrong: Mapping[str, str]
    usable: bool
    numbers: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Batch:
    """The tables of a folder.

    Attributes
    ----------
    folder, limits
        See :meth:`of`.
    others
        Items, windows and relations, as far as they are there.
    cut
        Where the interactions are divided; None where there are none.
    """

    folder: Path
    limits: Limits
    others: Mapping[str, Arrival]
    cut: Cut | None

    @classmethod
    def of(cls, folder: Path, limits: Limits, rows_at_once: int = ROWS_AT_ONCE) -> Self:
        """Read all tables but the interactions.

        Raises
        ------
        ContractError
            If a file is not Parquet.
        """
        raw = {name: _read(folder / f"{name}.parquet") for name in TABLES if name != INTERACTIONS}
        others = {n: _arrival(n, t, limits) for n, t in raw.items() if t is not None}
        path = folder / f"{INTERACTIONS}.parquet"
        if not path.exists():
            return cls(folder, limits, others, None)
        with _parquet(path):
            return cls(folder, limits, others, Cut.of(path, limits.clock, rows_at_once))

    @property
    def parts(self) -> int:
        """Into how many parts the interactions come."""
        return 1 if self.cut is None else len(self.cut.bounds) + 1

    def interactions(self, scratch: Path) -> Iterator[Arrival]:
        """The interactions, at once or in parts; without columns where there is no file.

        Parameters
        ----------
        scratch
            Folder for what does not fit into ``ONSTAGE_MEMORY`` while a part is read.

        Raises
        ------
        ContractError
            If the file is not Parquet.
        """
        windows = self.others.get("windows")
        opened = None if windows is None else windows.frame
        if self.cut is None or not self.cut.bounds:
            table = _read(self.folder / f"{INTERACTIONS}.parquet")
            whole = pd.DataFrame() if table is None else table
            yield _arrival(INTERACTIONS, whole, self.limits, opened)
            return

        def arrival(part: pa.Table) -> Arrival:
            numbers, table = part.column(ROW).to_numpy(), _frame(part.drop_columns(ROW))
            return _arrival(INTERACTIONS, table, self.limits, opened, numbers)

        yield from map(arrival, self.cut.tables(scratch))  # which holds none of them


def _arrival(
    name: str,
    raw: pd.DataFrame,
    limits: Limits,
    windows: pd.DataFrame | None = None,
    numbers: NDArray[np.int64] | None = None,
) -> Arrival:
    table, wrong = settled(raw, limits.clock)
    frame = table.drop(columns=list(wrong))
    if name == INTERACTIONS:
        frame = frame.assign(**facts(frame, windows, limits))
    return Arrival(table, frame, wrong, _usable(name, table), numbers)


def _read(path: Path) -> pd.DataFrame | None:
    """Read a table whose contract may be broken: that is for the suites to say."""
    if not path.exists():
        return None
    with _parquet(path):
        return _frame(pq.read_table(path))


@contextmanager
def _parquet(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{path.name}: not a Parquet file ({error}); make the step that wrote it again"
        raise ContractError(message) from error


def _frame(table: pa.Table) -> pd.DataFrame:
    whole = {pa.int64(): pd.Int64Dtype()}  # floats would round large identifiers
    return compact(table.to_pandas(types_mapper=whole.get, ignore_metadata=True))


def _usable(name: str, table: pd.DataFrame) -> bool:
    try:
        TABLES[name].check(table)
    except ContractError:
        return False
    return True
