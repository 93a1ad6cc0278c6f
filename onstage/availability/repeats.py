"""Whether what a user already had may be recommended again."""

from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, PositiveFloat, model_validator

from onstage.availability.candidates import Candidates
from onstage.data.clock import Clock
from onstage.data.history import History
from onstage.data.requests import Requests


class RepeatPolicy(BaseModel):
    """What to do with items that the user already interacted with before the request."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["allow", "exclude", "cooldown"] = "allow"
    """``allow`` repeats; ``exclude`` everything seen; ``cooldown``: only what was seen recently."""
    cooldown_hours: PositiveFloat | None = None
    """With ``cooldown``: an item seen less than this many hours before is left out."""

    @model_validator(mode="after")
    def _cooldown_has_a_length(self) -> Self:
        if (self.kind == "cooldown") != (self.cooldown_hours is not None):
            message = "repeat.cooldown_hours goes with kind: cooldown, and only with it"
            raise ValueError(message)
        return self

    def apply(
        self, candidates: Candidates, requests: Requests, history: History, clock: Clock
    ) -> Candidates:
        """Exclude what this policy forbids, judged by the rows before each request."""
        if self.kind == "allow":
            return candidates
        request, row = history.rows(requests)
        if self.cooldown_hours is not None:
            age = requests.times[request] - history.time[row]
            recent = age < clock.span(seconds=self.cooldown_hours * 3600)
            request, row = request[recent], row[recent]
        pairs = np.sort(request * history.n_items + history.item[row])
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # several times as fast as np.unique
        return candidates.without(pairs // history.n_items, pairs % history.n_items)
