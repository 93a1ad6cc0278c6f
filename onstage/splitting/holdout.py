"""What is known, what is asked, what may be answered, and what happened: one exam for a model."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.repeats import RepeatPolicy
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.types import Positions


@dataclass(frozen=True, eq=False)
class Holdout:
    """One part (validation or test) of one protocol.

    All datasets share one vocabulary; positions are its positions.

    Attributes
    ----------
    protocol
        ``temporal``, ``live-A``, ``live-B``, ``live-C`` or ``masked``.
    part
        ``validation`` or ``test``.
    train
        What models may be fitted on.
    history
        What they may look at when they answer: a request at ``t`` sees its rows before ``t`` only.
    requests
        One per event.
    candidates
        What each request may be answered with, the repeat policy already applied. Always full,
        never sampled.
    relevant_indptr, relevant : ndarray of int64
        The items of event ``e`` are ``relevant[relevant_indptr[e]:relevant_indptr[e + 1]]``,
        ascending, each once, at least one; all of them are candidates of that event.
    repeat : ndarray of bool, shape (len(relevant),)
        Whether the user had this item before the request (in the whole log, not only in `history`).
    policy
        The repeat policy that was applied to `candidates`.
    dropped
        Events left out because nothing that happened was a candidate.
    window
        Track A: most input rows of an event; None elsewhere.
    """

    protocol: str
    part: str
    train: Dataset
    history: Dataset
    requests: Requests
    candidates: Candidates
    relevant_indptr: Positions
    relevant: Positions
    repeat: NDArray[np.bool_]
    policy: RepeatPolicy
    dropped: int = 0
    window: int | None = None

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def is_random(self) -> bool:
        """Whether the split is one at random, so that training rows may be later than requests."""
        return self.protocol == "masked"

    def running_on(self, tick: int) -> int:
        """Training rows that started before `tick` and end after it."""
        ends = self.train.ends
        return 0 if ends is None else int(((self.train.time < tick) & (ends > tick)).sum())

    @cached_property
    def past(self) -> History:
        """The history, indexed once for all the models that answer."""
        return History(self.history)

    @override
    def __getstate__(self) -> dict[str, Any]:
        """Leave the index out when a worker process is sent a holdout."""
        return {k: v for k, v in self.__dict__.items() if k != "past"}


@dataclass(frozen=True, eq=False)
class Holdouts:
    """Both exams of one protocol: tune on one, report the other.

    Attributes
    ----------
    validation
        What sweeps look at. Nothing of the test part can be seen through it.
    test
        What is reported, once.
    """

    validation: Holdout
    test: Holdout
