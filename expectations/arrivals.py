"""The tables of a batch as they arrive: read in any state, columns settled, facts derived."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from onstage.contracts import TABLES
from onstage.data.kinds import compact, settled
from onstage.data.quality import Limits
from onstage.data.rules import facts
from onstage.errors import ContractError


INTERACTIONS: Final = "interactions"


@dataclass(frozen=True)
class Arrival:
    """One table as it arrived, columns settled.

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
    """

    table: pd.DataFrame
    frame: pd.DataFrame
    wrong: Mapping[str, str]
    usable: bool


def arrivals_in(folder: Path, limits: Limits) -> dict[str, Arrival]:
    """Read the tables of a folder; interactions are always there, without columns if need be.

    Raises
    ------
    ContractError
        If a file is not Parquet.
    """
    raw = {name: _read(folder / f"{name}.parquet") for name in TABLES}
    raw[INTERACTIONS] = pd.DataFrame() if raw[INTERACTIONS] is None else raw[INTERACTIONS]
    done = {n: settled(table, limits.clock) for n, table in raw.items() if table is not None}
    plain = {name: table.drop(columns=list(wrong)) for name, (table, wrong) in done.items()}
    derived = facts(plain[INTERACTIONS], plain.get("windows"), limits)
    plain[INTERACTIONS] = plain[INTERACTIONS].assign(**derived)
    return {
        name: Arrival(table, plain[name], wrong, _usable(name, table))
        for name, (table, wrong) in done.items()
    }


def _read(path: Path) -> pd.DataFrame | None:
    """Read a table whose contract may be broken: that is for the suites to say."""
    if not path.exists():
        return None
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{path.name}: not a Parquet file ({error}); make the step that wrote it again"
        raise ContractError(message) from error
    whole = {pa.int64(): pd.Int64Dtype()}  # floats would round large identifiers
    return compact(table.to_pandas(types_mapper=whole.get, ignore_metadata=True))


def _usable(name: str, table: pd.DataFrame) -> bool:
    try:
        TABLES[name].check(table)
    except ContractError:
        return False
    return True
