"""Threads that score: a few, with a short queue before them."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from onstage.errors import OnstageError


AnswerT = TypeVar("AnswerT")


class BusyError(OnstageError):
    """More is asked than can be answered.

    Remedy: ask again after the seconds of `Retry-After`, or give `onstage serve` more --threads.
    """


class Pool:
    """Runs functions in threads; refuses when the queue is full.

    A thread cannot be stopped, so a function that takes too long keeps its thread until it is done,
    and its place in the count: whoever asks next is refused rather than let in.
    """

    def __init__(self, threads: int, waiting: int, timeout_seconds: float) -> None:
        self._most = threads + waiting
        self._timeout = timeout_seconds
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="onstage-answer")
        self._lock = Lock()
        self.inside = 0

    async def run(self, answer: Callable[[], AnswerT]) -> AnswerT:
        """Run `answer` in a thread.

        Raises
        ------
        BusyError
            If the queue is full, or it took too long.
        """
        with self._lock:
            if self.inside >= self._most:
                message = f"all {self._most} places are taken; ask again in a second"
                raise BusyError(message)
            self.inside += 1
        context = contextvars.copy_context()
        future = self._executor.submit(context.run, answer)
        future.add_done_callback(self._leave)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout)
        except TimeoutError as error:
            message = f"no answer within {self._timeout:g} s; ask for less, or again in a second"
            raise BusyError(message) from error

    def close(self) -> None:
        """Let go of the threads; what is being answered is finished."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: Future[AnswerT]) -> None:
        with self._lock:
            self.inside -= 1
