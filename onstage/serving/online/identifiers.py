"""Identifiers as they come in JSON, and as they are in the data."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from pydantic import Field

from onstage.errors import ConfigError
from onstage.types import Id, Positions


WIDEST: Final = 1 << 63

JsonId = (
    Annotated[int, Field(strict=True, ge=-WIDEST, lt=WIDEST)]
    | Annotated[str, Field(strict=True, min_length=1, max_length=200)]
)
"""An identifier: an integer of 64 bits, or text."""

_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")


def like(ids: Sequence[Id], vocabulary: pd.Index, what: str) -> pd.Index:
    """The identifiers, of the kind they have in the data.

    Where the data has text an integer is its digits; where it has integers, digits are an integer.

    Parameters
    ----------
    what
        ``user`` or ``item``, for the message.

    Raises
    ------
    ConfigError
        If the data has integers and text is none.
    """
    if vocabulary.dtype.kind not in "iu":
        return pd.Index([str(one) for one in ids], dtype="str")
    return pd.Index([_integer(one, what) for one in ids], dtype="int64")


def places(ids: Sequence[Id], vocabulary: pd.Index) -> Positions:
    """Positions in the vocabulary; -1 for what is not there, of whatever kind it is."""
    if vocabulary.dtype.kind in "iu":
        whole = [one if isinstance(one, int) else _spelt(one) for one in ids]
        wanted = pd.Index([0 if one is None else one for one in whole], dtype="int64")
        there = np.array([one is not None for one in whole], dtype=np.bool_)
        return np.where(there, vocabulary.get_indexer(wanted), -1).astype(np.int64)
    return np.asarray(vocabulary.get_indexer(like(ids, vocabulary, "")), dtype=np.int64)


def plain(one: Any) -> Id:  # noqa: ANN401  # NumPy's integers and strings
    """An identifier of the data, for JSON."""
    return one if isinstance(one, str) else int(one)


def _integer(one: Id, what: str) -> int:
    number = one if isinstance(one, int) else _spelt(one)
    if number is None:
        message = f"{what} {str(one)[:40]!r}: the {what}s of this data are integers; give one"
        raise ConfigError(message)
    return number


def _spelt(text: str) -> int | None:
    if _INTEGER.fullmatch(text) and -WIDEST <= int(text) < WIDEST:
        return int(text)
    return None
