"""Type aliases that carry the domain's vocabulary."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray


Id: TypeAlias = int | str
"""One external identifier, as it appears in the data."""

UserIds: TypeAlias = Sequence[int] | Sequence[str] | NDArray[Any] | pd.Index
"""External user identifiers, as they appear in the data."""

ItemIds: TypeAlias = Sequence[int] | Sequence[str] | NDArray[Any] | pd.Index
"""External item identifiers, as they appear in the data."""

Positions: TypeAlias = NDArray[np.int64]
"""Row or column numbers inside one vocabulary: never stored, never logged. -1 is unknown."""

Ticks: TypeAlias = NDArray[np.int64]
"""Instants as integers: microseconds since 1970 UTC, or steps (:mod:`onstage.data.clock`)."""

Scores: TypeAlias = NDArray[np.float32]
"""Larger is better. Comparable within one user and one model only. ``nan``: no opinion."""
