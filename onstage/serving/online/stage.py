"""Who answers, and what was posted: swapped and changed while requests are answered."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

from onstage.errors import OnstageError, StoreError
from onstage.serving.online.asked import PostedLive
from onstage.serving.online.board import Board
from onstage.serving.online.fresh import Unknown
from onstage.serving.online.journal import Journal
from onstage.serving.online.limits import Limits
from onstage.serving.online.rows import Row
from onstage.serving.online.served import Served
from onstage.serving.online.source import Loaded


logger = logging.getLogger(__name__)

SLACK: Final = 1.25
"""A champion may hold so many times the rows that are kept before the oldest are let go."""

Status = Literal["ok", "starting", "no champion", "failed"]


class NoChampionError(OnstageError):
    """Nobody can answer yet.

    Remedy: promote one (`onstage retrain`), or wait: `/health` says what is missing.
    """


@dataclass(frozen=True)
class Standing:
    """How things are; replaced, never changed.

    A request takes one and keeps it, so a swap in the middle of a request changes nothing for it.
    """

    served: Served | None
    status: Status
    message: str | None = None

    def ready(self) -> Served:
        """Whoever answers.

        Raises
        ------
        NoChampionError
            If nobody does yet.
        """
        if self.served is None:
            raise NoChampionError(self.message)
        return self.served


class Stage:
    """The champion on it, the live board beside it, and rows posted since.

    Parameters
    ----------
    journal
        Where posts are kept; only in memory by default.
    """

    def __init__(self, limits: Limits, journal: Journal | None = None) -> None:
        self.limits = limits
        self.board = Board(limits.kept_items)
        self.standing = Standing(None, "starting", "the champion is being loaded; ask again soon")
        self._rows: deque[Row] = deque(maxlen=limits.kept_rows)
        self._taken = 0
        self._journal = journal
        self._lock = Lock()
        if journal is not None:
            self.board.posted, rows = journal.read()
            self._rows.extend(rows)
            journal.rewrite(self.board.posted, self._rows)

    @property
    def posted(self) -> int:
        """Interactions that are kept."""
        return len(self._rows)

    def enter(self, loaded: Loaded) -> Served:
        """Let a champion answer from the next request on; posts are carried over to it."""
        with self._lock:
            before, rows = self._taken, list(self._rows)
        served = Served(loaded, rows)
        with self._lock:
            missed = self._taken - before
            if missed:
                served.add(list(self._rows)[-missed:])
            self.standing = Standing(served, "ok")
        return served

    def complain(self, status: Status, message: str) -> None:
        """Say what is wrong; whoever answers goes on."""
        served = self.standing.served
        self.standing = Standing(served, "ok" if served else status, message)

    def content(self) -> None:
        """Nothing is wrong any more."""
        if self.standing.message is not None and self.standing.served is not None:
            self.standing = Standing(self.standing.served, "ok")

    def observe(self, rows: Sequence[Row]) -> tuple[Unknown, Callable[[], bool]]:
        """Take posted rows in.

        Returns
        -------
        Unknown
            Of which the champion does not know the user or the item.
        callable
            Whether answers count the others by now.

        Raises
        ------
        NoChampionError
            If nobody answers yet.
        StoreError
            If they cannot be kept; then they do not count either.
        """
        with self._lock:
            served = self.standing.ready()
            if self._journal is not None:
                self._journal.rows(list(rows))
            self._rows.extend(rows)
            self._taken += len(rows)
            unknown = served.add(rows)
            if served.posted > SLACK * self.limits.kept_rows:
                served.start_over(list(self._rows))
            self._tidy()
            return unknown, served.settling()

    def change(self, tick: int, post: PostedLive) -> None:
        """Take in who went live or offline at `tick`.

        Raises
        ------
        StoreError
            If it cannot be kept; then it does not count either.
        """
        with self._lock:
            posted = self.board.with_post(
                tick, on=post.on, off=post.off, only=post.only, reset=post.reset
            )
            if self._journal is not None:
                self._journal.live(posted)
            self.board.posted = posted
            self._tidy()

    def close(self) -> None:
        """Let another process keep posts."""
        if self._journal is not None:
            self._journal.close()

    def _tidy(self) -> None:
        if self._journal is None or not self._journal.large:
            return
        try:
            self._journal.rewrite(self.board.posted, self._rows)
        except StoreError as error:  # what stood there still does, and is complete
            logger.warning("%s", error)
