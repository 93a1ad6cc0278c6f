"""Which part of a stream was watched."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from typing_extensions import override

from onstage.exploring.exhibit import Absent, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, percent


BUCKETS: Final = 10
LABELS: Final = (*(f"{10 * b}-{10 * b + 10}" for b in range(BUCKETS)), "above 100")
TITLE: Final = "Share of the stream that was watched"


@dataclass(frozen=True, kw_only=True)
class Watched(Exhibit):
    """Rows by the percentage of their stream that was watched.

    Attributes
    ----------
    rows
        Rows of the log, those of unknown percentage included.
    buckets
        Rows in each of :data:`LABELS`: above the lower percentage, up to and including the upper;
        0 % stands in the first.
    over_half
        Rows that watched more than half.
    """

    key: str = "watched_share"
    title: str = TITLE
    rows: int
    buckets: tuple[int, ...]
    over_half: int

    @property
    def known(self) -> int:
        """Rows whose percentage is known."""
        return sum(self.buckets)

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the known rows in each bucket."""
        return tuple(rows / self.known for rows in self.buckets)

    @property
    @override
    def sentence(self) -> str:
        fullest = int(np.argmax(self.buckets))
        return (
            f"{percent(self.over_half / self.known)} of the watches saw more than half of their "
            f"stream; most, {percent(self.shares[fullest])}, saw {LABELS[fullest]} % of it."
        )


def watched(tables: Tables) -> Watched | Absent:
    """Join watches with their streams and count them by percentage."""
    needed = []
    if not tables.has("log", "seconds"):
        needed.append("interactions.duration_seconds or interactions.ends_at")
    if not tables.has("log", "broadcast"):
        needed.append("interactions.broadcast_id")
    if not tables.has("streams", "broadcast"):
        needed.append("windows.broadcast_id")
    if needed:
        why = "a watch cannot be compared with its stream"
        return Absent("watched_share", TITLE, tuple(needed), why)
    share = "l.seconds / s.duration_seconds"
    tenths = f"CAST(ceil({BUCKETS} * l.seconds / s.duration_seconds) AS BIGINT)"
    found = tables.frame(
        f"SELECT CASE WHEN {share} > 1 THEN {BUCKETS} "
        f"ELSE greatest({tenths} - 1, 0) END AS bucket, count(*) AS n, "
        f"count_if({share} > 0.5) AS half FROM log l JOIN streams s ON l.broadcast = s.broadcast "
        "WHERE l.seconds >= 0 AND s.duration_seconds > 0 GROUP BY bucket ORDER BY bucket"
    )
    if found.empty:
        why = "no watch has a stream and a duration"
        return Absent("watched_share", TITLE, ("windows.broadcast_id",), why)
    buckets = np.bincount(found["bucket"], found["n"], minlength=len(LABELS)).astype(int)
    rows, known = tables.rows["log"], int(buckets.sum())
    notes = (f"{count(rows - known)} rows have no stream or no duration and are left out",)
    return Watched(
        rows=rows,
        buckets=tuple(buckets.tolist()),
        over_half=int(found["half"].sum()),
        notes=notes * (known < rows),
    )
