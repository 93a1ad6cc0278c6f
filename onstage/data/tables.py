"""Canonical tables on disk: one Parquet file per table in a step's folder."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from onstage.contracts import TABLES, TableContract
from onstage.errors import ContractError


ROW_GROUP: Final = 131_072
"""Rows of one Parquet row group: fixed, so that the same rows give the same bytes."""


def write_table(table: pd.DataFrame | pa.Table, folder: Path, name: str) -> int:
    """Write one canonical table as ``<name>.parquet`` (zstd); returns its number of rows.

    Parameters
    ----------
    table
        Checked against :data:`onstage.contracts.TABLES`; not modified. Times are written as UTC
        microseconds, categories as what they stand for; a data frame's index is left out.
    folder
        Must exist.
    name
        ``interactions``, ``items``, ``windows`` or ``relations``.

    Raises
    ------
    ContractError
        If the name is unknown, the table breaks its contract, or a column mixes types.
    """
    arrow = _arrow(table, name) if isinstance(table, pd.DataFrame) else table
    return write_batches(arrow.schema, arrow.to_batches(), folder, name)


def write_batches(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], folder: Path, name: str
) -> int:
    """Write one canonical table batch by batch, as :func:`write_table` does, in bounded memory."""
    stored = _storable(schema)
    _contract_of(name).check(_frame(stored.empty_table()))
    rows = 0
    with pq.ParquetWriter(folder / f"{name}.parquet", stored, compression="zstd") as writer:
        for group in _regrouped(batches, schema):
            writer.write_table(group.cast(stored), row_group_size=ROW_GROUP)
            rows += group.num_rows
    return rows


def read_table(
    folder: Path, name: str, *, columns: Collection[str] | None = None
) -> pd.DataFrame | None:
    """Read one canonical table; None when the folder does not have it.

    Parameters
    ----------
    columns
        Read only those of these that the table has. All by default.

    Returns
    -------
    pandas.DataFrame or None
        Text is pandas' string dtype, times are UTC microseconds, whole numbers int64: exact
        whatever their size, and ``Int64`` where some are missing.

    Raises
    ------
    ContractError
        If the file is not readable as Parquet, or breaks its contract.
    """
    contract = _contract_of(name)
    path = folder / f"{name}.parquet"
    if not path.exists():
        return None
    try:
        kept = None
        if columns is not None:
            kept = [one for one in pq.read_schema(path).names if one in columns]
        table = pq.read_table(path, columns=kept)
    except pa.ArrowInvalid as error:
        message = f"{path}: not a Parquet file; make the step that wrote it again"
        raise ContractError(message) from error
    return contract.check(_frame(table))


def table_names(folder: Path) -> tuple[str, ...]:
    """Which canonical tables a folder holds, in the order of the contracts."""
    return tuple(name for name in TABLES if (folder / f"{name}.parquet").exists())


def _contract_of(name: str) -> TableContract:
    if name not in TABLES:
        message = f"table {name!r}: the canonical tables are {', '.join(TABLES)}"
        raise ContractError(message)
    return TABLES[name]


def _arrow(table: pd.DataFrame, name: str) -> pa.Table:
    try:
        return pa.table({str(column): _array(table[column]) for column in table.columns})
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        message = f"{name}: a column mixes types ({error}); make it all text or all numbers"
        raise ContractError(message) from error


def _array(column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, pd.DatetimeTZDtype):  # by hand: pyarrow asks pandas in an old way
        stamps = column.dt.tz_convert("UTC").dt.tz_localize(None).dt.as_unit("us").to_numpy()
        return pa.array(stamps, from_pandas=True).cast(pa.timestamp("us", tz="UTC"))
    return pa.array(column, from_pandas=True)


def _storable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, _type(field.type)) for field in schema])


def _type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=None if kind.tz is None else "UTC")
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


def _regrouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterable[pa.Table]:
    """Tables of exactly :data:`ROW_GROUP` rows, whatever the sizes of the batches were."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            table = pa.Table.from_batches(waiting, schema)
            whole = rows - rows % ROW_GROUP
            yield table.slice(0, whole)
            rest = table.slice(whole)
            waiting, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(waiting, schema)


def _frame(table: pa.Table) -> pd.DataFrame:
    columns = {name: _series(table.column(name)) for name in table.column_names}
    return pd.DataFrame(columns, columns=pd.Index(table.column_names, dtype="str"))


def _series(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_integer(column.type) and column.null_count:
        missing = np.asarray(column.is_null())
        whole = np.asarray(column.fill_null(0), dtype=np.int64)
        return pd.Series(pd.arrays.IntegerArray(whole, missing))
    series: pd.Series = column.to_pandas()
    return series
