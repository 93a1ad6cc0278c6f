"""What one batch of interactions looks like from afar, and how it differs from the last one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.types import Positions, Ticks


NEWEST_DAYS = 7
"""Days that the newest activity is described by."""
WHOLE_DAY = 0.9
"""A stretch of at least this many days counts as a day: batches are not cut to the second."""


@dataclass(frozen=True)
class Activity:
    """Who acted when, on what: all that a profile needs of the interactions.

    Attributes
    ----------
    user : ndarray of int64, shape (n_rows,)
        Positions from 0.
    time : ndarray of int64, shape (n_rows,)
        Ticks.
    users
        How many users there are.
    items
        Distinct items.
    """

    user: Positions
    time: Ticks
    users: int
    items: pd.Index

    @classmethod
    def of(cls, interactions: pd.DataFrame, clock: Clock) -> Self:
        """Take it from a table without missing users, items or times."""
        user, users = pd.factorize(interactions[Columns.USER])
        items = pd.Index(interactions[Columns.ITEM].unique())
        return cls(user, clock.ticks(interactions[Columns.TIME]), len(users), items)


class Day(BaseModel):
    """Activity in 24 hours, counted back from the newest interaction of the batch."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rows: int
    """Interactions."""
    users: int
    """Distinct users who interacted."""


class BatchProfile(BaseModel):
    """A batch in a dozen numbers; the accepted one is kept and the next is held against it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    clock: Clock
    """What a tick is."""
    rows: int
    """Interactions."""
    users: int
    """Distinct users."""
    items: int
    """Distinct items."""
    first: int
    """Tick of the oldest interaction; 0 in an empty batch."""
    last: int
    """Tick of the newest interaction; 0 in an empty batch."""
    days: float
    """From the oldest to the newest interaction, at least 1."""
    rows_per_user_day: float
    """Interactions per user and day on which that user did anything; 0 in an empty batch."""
    newest: tuple[Day, ...]
    """The newest days, the newest first; at most 7, whole ones only (but at least one)."""
    columns: dict[str, tuple[str, ...]] = {}
    """Column names of each table, sorted."""

    @classmethod
    def of(cls, interactions: pd.DataFrame, clock: Clock) -> Self:
        """Describe a table of interactions.

        Parameters
        ----------
        interactions
            Without missing users, items or times; see :data:`onstage.contracts.INTERACTIONS`.
        clock
            How the table counts time.
        """
        columns = {"interactions": tuple(sorted(map(str, interactions.columns)))}
        return cls.of_parts([Activity.of(interactions, clock)], clock, columns)

    @classmethod
    def of_parts(
        cls, parts: Sequence[Activity], clock: Clock, columns: Mapping[str, tuple[str, ...]]
    ) -> Self:
        """Describe a batch by the activity in its parts, which have no user in common."""
        parts = [part for part in parts if len(part.time)]
        if not parts:
            return cls(
                clock=clock, rows=0, users=0, items=0, first=0, last=0, days=1.0,
                rows_per_user_day=0.0, newest=(), columns=dict(columns),
            )  # fmt: skip
        rows = sum(len(part.time) for part in parts)
        first = min(int(part.time.min()) for part in parts)
        last = max(int(part.time.max()) for part in parts)
        days = clock.seconds(last - first) / 86_400
        items = parts[0].items.append([part.items for part in parts[1:]])
        return cls(
            clock=clock,
            rows=rows,
            users=sum(part.users for part in parts),
            items=items.nunique(),
            first=first,
            last=last,
            days=max(days, 1.0),
            rows_per_user_day=rows / sum(_user_days(part, last, clock) for part in parts),
            newest=_newest(parts, last, clock, _whole(days)),
            columns=dict(columns),
        )


class Changes(BaseModel):
    """One batch against another, as factors: 1 is no change, 0.5 half of it, 2 twice as much.

    The newest days are held against the *range* of the baseline's newest days: a factor below 1 is
    relative to the quietest of them, above 1 to the busiest, and inside the range it is 1. So a
    quiet Sunday after a loud Saturday is no change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    total_rows: float
    """All rows over all rows of the baseline."""
    daily_rows_low: float
    """The quietest new day over the baseline's quietest; 1 or less."""
    daily_rows_high: float
    """The busiest new day over the baseline's busiest; 1 or more."""
    daily_users_low: float
    """Active users of the quietest new day over the baseline's lowest; 1 or less."""
    daily_users_high: float
    """Active users of the busiest new day over the baseline's highest; 1 or more."""
    rows_per_user_low: float
    """Interactions per active user and day, lowest over lowest; 1 or less."""
    rows_per_user_high: float
    """Interactions per active user and day, highest over highest; 1 or more."""
    days_older: float
    """Days by which the batch ends before the baseline ended; 0 when it does not."""
    lost_columns: int
    """Columns that the baseline had and the batch has not."""


def changes(
    parts: Sequence[Activity], profile: BatchProfile, baseline: BatchProfile, noise: int
) -> Changes | None:
    """Hold a batch against the last accepted one.

    Parameters
    ----------
    parts, profile
        The batch: activity in parts that have no user in common, and its profile.
    baseline
        The last accepted batch. The days after its end are compared with its newest days; when
        there is no whole day after it (the same log again, or a corrected one), the batch's own
        newest days are.
    noise
        Added to counts of rows and users on both sides before they are divided, so that the
        quiet days of a small log make no large factors.

    Returns
    -------
    Changes or None
        None where the two cannot be compared: one of them is empty, or they count time differently.
    """
    if not (profile.rows and baseline.rows and profile.clock == baseline.clock):
        return None
    clock = profile.clock
    newest = profile.newest
    fresh = clock.seconds(profile.last - baseline.last) / 86_400
    if fresh >= WHOLE_DAY:
        newest = _newest(parts, profile.last, clock, _whole(fresh), after=baseline.last)
    rows = _range([d.rows for d in newest], [d.rows for d in baseline.newest], noise)
    users = _range([d.users for d in newest], [d.users for d in baseline.newest], noise)
    rates = _range(_rates(newest, noise), _rates(baseline.newest, noise), 0)
    return Changes(
        total_rows=(profile.rows + noise) / (baseline.rows + noise),
        daily_rows_low=rows[0],
        daily_rows_high=rows[1],
        daily_users_low=users[0],
        daily_users_high=users[1],
        rows_per_user_low=rates[0],
        rows_per_user_high=rates[1],
        days_older=max(-fresh, 0.0),
        lost_columns=sum(
            len(set(columns) - set(profile.columns.get(table, ())))
            for table, columns in baseline.columns.items()
        ),
    )


def days_before(time: Ticks, last: int, clock: Clock) -> NDArray[np.int64]:
    """Whole 24-hour blocks between each time and `last`: 0 is the newest block."""
    return ((last - time) / clock.span(days=1)).astype(np.int64)


def _whole(days: float) -> int:
    return max(int(days + 1 - WHOLE_DAY), 1)


def _user_days(part: Activity, last: int, clock: Clock) -> int:
    """Days on which a user did anything, of all users together."""
    day = days_before(part.time, last, clock)
    return len(np.unique(part.user * (int(day.max()) + 1) + day))


def _newest(
    parts: Sequence[Activity], last: int, clock: Clock, whole: int, after: int | None = None
) -> tuple[Day, ...]:
    """Rows (later than `after`) and users of the newest whole days, the newest first."""
    n = min(whole, NEWEST_DAYS)
    rows, users = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for part in parts:
        day = days_before(part.time, last, clock)
        near = day < n if after is None else (day < n) & (part.time > after)
        rows += np.bincount(day[near], minlength=n)
        users += np.bincount(np.unique(part.user[near] * n + day[near]) % n, minlength=n)
    return tuple(Day(rows=int(r), users=int(u)) for r, u in zip(rows, users, strict=True))


def _rates(days: tuple[Day, ...], noise: int) -> list[float]:
    return [(d.rows + noise) / (d.users + noise) if d.users + noise else 0.0 for d in days]


def _range(new: list[int] | list[float], old: list[int] | list[float], noise: int) -> list[float]:
    """Lowest over lowest, capped at 1 from above; highest over highest, capped from below."""
    low = (min(new) + noise) / max(min(old) + noise, 1e-9)
    high = (max(new) + noise) / max(max(old) + noise, 1e-9)
    return [min(low, 1.0), max(high, 1.0)]
