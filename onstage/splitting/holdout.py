"""What is known, what is asked, what may be answered, and what happened: one exam for a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.availability.repeats import RepeatPolicy
from onstage.data.dataset import Dataset
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
        ascending, each once, at least one.
    repeat : ndarray of bool, shape (len(relevant),)
        Whether the user had this item before the request (in the whole log, not only in `history`).
    policy
        The repeat policy that was applied to `candidates`.
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

    def __len__(self) -> int:
        return len(self.requests)
