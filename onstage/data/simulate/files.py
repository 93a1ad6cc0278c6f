"""Writing: CSV in pieces, Parquet in pieces, and a folder that appears at once or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from onstage.errors import StoreError


@dataclass(frozen=True)
class Draft:
    """A hidden folder whose files appear together at the end."""

    path: Path
    _open: ExitStack

    def csv(self, name: str, header: Sequence[str] | None = None) -> "CsvFile":
        """Begin a CSV file; it is closed with the draft at the latest."""
        file = CsvFile(self.path / name, header)
        self._open.callback(file.stream.close)
        return file


@contextmanager
def published(folder: Path) -> Iterator[Draft]:
    """Give a hidden draft folder; at the end move its entries into `folder`, one rename each.

    On any failure the draft is removed and what stood in `folder` before stays as it was.

    Raises
    ------
    StoreError
        If the folder cannot be written, or the disk is full.
    """
    draft: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".simulating-", dir=folder))
        with ExitStack() as files:
            yield Draft(draft, files)
        for made in sorted(draft.iterdir()):
            target = folder / made.name
            if target.is_dir():
                shutil.rmtree(target)
            made.replace(target)
    except OSError as error:
        message = (
            f"cannot write the simulated log to {folder}: {error.strerror or error}; "
            "choose a writable folder with enough space"
        )
        raise StoreError(message) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


class CsvFile:
    """A CSV file written piece by piece, unquoted.

    Parameters
    ----------
    path
        Created at once.
    header
        Column names, or None for a file without a header.
    """

    def __init__(self, path: Path, header: Sequence[str] | None) -> None:
        self.stream = path.open("wb")
        if header is not None:
            self.stream.write((",".join(header) + "\n").encode())
        self.rows = 0

    def write(self, columns: Sequence[NDArray[Any]]) -> None:
        """Append rows; no value may hold a comma, a quote or a line break."""
        if len(columns[0]) == 0:
            return
        names = [str(i) for i in range(len(columns))]
        table = pa.table([_arrow(column) for column in columns], names=names)
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
        pyarrow.csv.write_csv(table, self.stream, options)
        self.rows += len(columns[0])

    def close(self) -> None:
        """Flush to the disk."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()


def write_parquet(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write one Parquet file."""
    table = pa.table({name: _arrow(column) for name, column in columns.items()})
    pyarrow.parquet.write_table(table, path, compression="zstd")


def _arrow(column: NDArray[Any]) -> Any:  # noqa: ANN401  # pyarrow has no types
    return pa.array(column.tolist() if column.dtype.kind == "U" else np.ascontiguousarray(column))
