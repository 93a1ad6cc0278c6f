"""One champion, ready to answer, with what was posted to it."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Condition
from typing import Final

import numpy as np
import pandas as pd

from onstage.errors import ConfigError
from onstage.serving.bundle import Bundle
from onstage.serving.online.fresh import FreshRows, Unknown
from onstage.serving.online.rows import Row
from onstage.serving.online.source import Loaded
from onstage.types import Positions


_EDGE: Final = 1 << 61
"""Ticks stay within, so that sums of them fit."""
_YEARS: Final = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


class Served:
    """A bundle that takes posted rows into account.

    Most models look at the rows of the asking user only: they are shown these with the posted ones
    (:class:`onstage.serving.online.fresh.SomeHistory`), so a row counts in the next answer. A model
    that looks at everybody (``everybody``) is shown everything anew by :meth:`renew`, which takes
    as long as its sums over the log take; until then the older view answers.
    """

    def __init__(self, loaded: Loaded, rows: Sequence[Row] = ()) -> None:
        self.version = loaded.version
        self.titles = loaded.titles
        self._bundle = loaded.bundle
        self._trained = loaded.bundle.model.dataset
        self._last = int(self._trained.time.max(initial=-1))
        self._whole = loaded.bundle.model.history
        self._fresh = FreshRows(self._trained, self._whole)
        self._fresh.add(rows)
        self._changed = Condition()
        self._counted = 0
        self.renew()
        self.since = datetime.now(UTC)

    @property
    def bundle(self) -> Bundle:
        """What answers about nobody in particular."""
        return self._bundle

    @property
    def algorithm(self) -> str:
        """What answers."""
        return str(self._bundle.model.config.algorithm)

    @property
    def everybody(self) -> bool:
        """Whether answers to one user depend on what all others did."""
        return self._bundle.model.watches_everybody

    @property
    def posted(self) -> int:
        """Posted rows that the model can count."""
        return self._fresh.count

    @property
    def pending(self) -> int:
        """Of these, not counted yet."""
        return self._fresh.count - self._counted if self.everybody else 0

    def add(self, rows: Sequence[Row]) -> Unknown:
        """Take posted rows in; one thread at a time."""
        unknown = self._fresh.add(rows)
        with self._changed:
            self._changed.notify_all()
        return unknown

    def view(self, users: Positions) -> Bundle:
        """What answers these users."""
        bundle, fresh = self._bundle, self._fresh
        if self.everybody or not fresh.touches(users):
            return bundle
        model = copy.copy(bundle.model)  # its arrays are shared
        return replace(bundle, model=model.observe(fresh.history(users)))

    def renew(self) -> bool:
        """Show everything posted so far to a model that looks at everybody, and warm it up.

        Returns
        -------
        bool
            Whether there was something to do.
        """
        fresh = self._fresh
        before = fresh.count
        model = self._bundle.model
        new = self.everybody and before > self._counted
        if new:
            model = copy.copy(model).observe(fresh.whole())
        bundle = replace(self._bundle, model=model)
        someone, something = self._trained.users[:1], self._trained.items[:1]
        bundle.recommend(someone, self._last + 1, 1, live=something)  # makes what is made once
        self._bundle = bundle
        with self._changed:
            if fresh is self._fresh:
                self._counted = before
            self._changed.notify_all()
        return new

    def start_over(self, rows: Sequence[Row]) -> None:
        """Keep these posted rows only; one thread at a time."""
        fresh = FreshRows(self._trained, self._whole)
        fresh.add(rows)
        with self._changed:
            self._fresh = fresh
            self._counted = 0
            self._changed.notify_all()

    def wait_for_posts(self, seconds: float) -> bool:
        """Wait until a row is posted that is not counted; whether there is one."""
        with self._changed:
            return self._changed.wait_for(lambda: self.pending > 0, seconds)

    def settling(self) -> Callable[[], bool]:
        """Whether everything posted so far is counted, to be asked again and again."""
        until = self._fresh.count
        return lambda: self.pending <= 0 or self._counted >= until

    def tick(self, at: str | int | None) -> int:
        """The tick of an instant.

        ``last`` is that of the champion's newest row, as in a batch. Where the log counts steps,
        ``now`` is the step after the newest one, fitted or posted.

        Raises
        ------
        ConfigError
            If it is no instant of the log's kind, or beyond the years 1 to 9999.
        """
        clock = self._bundle.clock
        if at == "last":
            return self._last
        if at is None or at == "now":
            newest = max(self._last, self._fresh.newest)
            return newest + 1 if clock.kind == "step" else clock.parse(datetime.now(UTC))
        try:
            tick = at if isinstance(at, int) else clock.parse(at)
        except OverflowError:
            tick = _EDGE
        low, high = -_EDGE, _EDGE
        if clock.kind == "utc":
            low, high = (clock.parse(year) for year in _YEARS)
        if not low < tick < high:
            message = f"time {str(at)[:40]!r}: beyond what this log can count; give another instant"
            raise ConfigError(message)
        return tick

    def users(self, most: int) -> pd.Index:
        """Users with the most rows, the most active first."""
        counts = self._trained.user_counts
        order = np.argsort(-counts, kind="stable")[:most]
        return self._trained.users.take(order[counts[order] > 0])
