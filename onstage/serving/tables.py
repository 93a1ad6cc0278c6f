"""Recommendations to a file, piece by piece; the file appears whole or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from onstage.columns import Columns
from onstage.errors import ConfigError
from onstage.files import replacing


Format = Literal["parquet", "csv"]
"""How recommendations are written."""

CLUSTERS: Final = (Columns.USER_CLUSTER, Columns.ITEM_CLUSTER)
"""Added on request; empty for who has no cluster."""

_BY_SUFFIX: Mapping[str, Format] = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}


class Writer(Protocol):
    """Takes tables one after the other."""

    def write(self, table: pd.DataFrame) -> None:
        """Append `table`; its columns are always the same."""

    def close(self) -> None:
        """Finish the file."""


def format_of(out: Path) -> Format:
    """Format by the name's ending.

    Raises
    ------
    ConfigError
        If the ending says nothing.
    """
    try:
        return _BY_SUFFIX[out.suffix.lower()]
    except KeyError:
        message = f"{out}: cannot tell the format from {out.suffix!r}; end the name in {_endings()}"
        raise ConfigError(message) from None


def schema_of(
    users: pd.Index, items: pd.Index, *, titles: bool, clusters: bool = False
) -> pa.Schema:
    """Columns of a file of recommendations; identifiers keep the kind they have in the data."""
    fields = [
        (Columns.USER, _kind(users)),
        (Columns.ITEM, _kind(items)),
        (Columns.SCORE, pa.float32()),
        (Columns.RANK, pa.int32()),
        (Columns.FALLBACK, pa.bool_()),
    ]
    fields += [(name, pa.int64()) for name in CLUSTERS] if clusters else []
    return pa.schema([*fields, (Columns.TITLE, pa.string())] if titles else fields)


@contextmanager
def writing(out: Path, schema: pa.Schema, form: Format) -> Iterator[Writer]:
    """Open `out` for writing; it is replaced in one step when the block ends without an error.

    Raises
    ------
    StoreError
        If the folder is read-only, the disk is full, or `out` is a folder. What stood there
        before is still there.
    """
    remedy = "nothing was written, choose another place"
    with replacing(out, remedy) as draft, draft.open("wb") as stream:
        writer = _Parquet(stream, schema) if form == "parquet" else _Csv(stream, schema)
        try:
            yield writer
        finally:
            writer.close()


class _Parquet:
    def __init__(self, stream: IO[bytes], schema: pa.Schema) -> None:
        self._schema = schema
        self._writer: Any = pq.ParquetWriter(stream, schema, compression="zstd")

    def write(self, table: pd.DataFrame) -> None:
        self._writer.write_table(_arrow(table, self._schema))

    def close(self) -> None:
        self._writer.close()


class _Csv:
    def __init__(self, stream: IO[bytes], schema: pa.Schema) -> None:
        self._stream = stream
        self._names = schema.names
        stream.write((",".join(self._names) + "\n").encode())

    def write(self, table: pd.DataFrame) -> None:
        table[self._names].to_csv(self._stream, index=False, header=False)

    def close(self) -> None:
        """Nothing is left to write."""


def _arrow(table: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(table, schema=schema, preserve_index=False)


def _kind(ids: pd.Index) -> pa.DataType:
    return pa.int64() if ids.dtype.kind in "iu" else pa.string()


def _endings() -> str:
    return " or ".join(_BY_SUFFIX)
