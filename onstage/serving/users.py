"""A list of users from a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.errors import SourceError


def read_users(path: Path, like: pd.Index) -> pd.Index:
    """Read user identifiers: one a line, or the column ``user_id`` of a CSV or Parquet file.

    Parameters
    ----------
    path
        Text, ``.csv`` or ``.parquet``.
    like
        The model's users: identifiers are read as integers where theirs are, else as strings.
        They need not be among them.

    Raises
    ------
    SourceError
        If the file cannot be read, has no such column, or an identifier is not of that kind.
    """
    try:
        ids = _column(path)
    except (OSError, ValueError) as error:  # Arrow's and pandas' parsers raise ValueErrors
        message = f"users {path}: {error}; give one identifier a line, or a column user_id"
        raise SourceError(message) from error
    if like.dtype.kind not in "iu":
        return pd.Index(ids.astype(str))
    return pd.Index(np.array([_integer(path, value) for value in ids], dtype=np.int64))


def _column(path: Path) -> pd.Series:
    if path.suffix.lower() in {".parquet", ".pq"}:
        return pd.read_parquet(path, columns=[Columns.USER])[Columns.USER]
    if path.suffix.lower() == ".csv":
        return pd.read_csv(path, usecols=[Columns.USER], dtype=str)[Columns.USER]
    lines = path.read_text(encoding="utf-8").splitlines()
    return pd.Series([line.strip() for line in lines if line.strip()], dtype=str)


def _integer(path: Path, value: Any) -> int:  # noqa: ANN401  # text or a number
    try:
        return int(value)
    except ValueError:
        message = f"users {path}: {value!r} is no integer, and the users of this data are integers"
        raise SourceError(message) from None
