"""Who is live by the windows, and by what was posted since."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from onstage.data.dataset import Dataset
from onstage.errors import ConfigError
from onstage.serving.bundle import Bundle
from onstage.serving.online.identifiers import places
from onstage.types import Id, Positions, Ticks


class Posted(BaseModel):
    """What was posted of who is live, by identifiers: it outlives the champion of the day."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    only: tuple[Id, ...] | None = None
    """These instead of the windows."""
    only_since: int = 0
    """Tick from which on that counts."""
    said: tuple[tuple[Id, bool, int], ...] = ()
    """Item, whether it is live, and from which tick on."""


class Board:
    """The live set of an instant.

    A post counts for requests at or after the instant at which it came, so a question about the
    past is answered as it was. One thread posts at a time; readers see one state or the next.

    Parameters
    ----------
    kept
        Most items that may be posted.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self.posted = Posted()
        self._marks: tuple[Posted, Dataset | None, _Marks | None] = (self.posted, None, None)

    def with_post(
        self,
        tick: int,
        *,
        on: Sequence[Id] = (),
        off: Sequence[Id] = (),
        only: Sequence[Id] | None = None,
        reset: bool = False,
    ) -> Posted:
        """What would be known after a post at `tick`; :attr:`posted` stays.

        Raises
        ------
        ConfigError
            If more items would be known than may be.
        """
        before = Posted() if reset or only is not None else self.posted
        said = {one: (live, since) for one, live, since in before.said}
        said |= dict.fromkeys(on, (True, tick)) | dict.fromkeys(off, (False, tick))
        if len(said) > self._kept:
            message = (
                f"live: {len(said)} items posted, at most {self._kept} are kept; post `only`, the "
                "whole list, or `reset`"
            )
            raise ConfigError(message)
        listed = before.only if only is None else tuple(only)
        since = before.only_since if only is None else tick
        changes = tuple((one, live, at) for one, (live, at) in said.items())
        return Posted(only=listed, only_since=since, said=changes)

    def live_at(self, bundle: Bundle, tick: int) -> Positions:
        """Positions of who is live at `tick`, ascending."""
        marks = self._marks_of(bundle)
        if marks.only is not None and tick >= marks.only_since:
            live = marks.only
        else:
            live = bundle.live_at(tick)
        counts = tick >= marks.since
        if not counts.any():
            return live
        live = np.union1d(live, marks.place[counts & marks.on])
        return np.setdiff1d(live, marks.place[counts & ~marks.on], assume_unique=True)

    def off(self, bundle: Bundle, tick: int) -> Positions:
        """Positions of who was posted to be offline at `tick`."""
        marks = self._marks_of(bundle)
        return marks.place[(tick >= marks.since) & ~marks.on]

    def said(self, bundle: Bundle, tick: int) -> Positions:
        """Positions of whom a post spoke of by `tick`."""
        marks = self._marks_of(bundle)
        some = marks.place[tick >= marks.since]
        if marks.only is None or tick < marks.only_since:
            return some
        return np.union1d(some, marks.only)

    def _marks_of(self, bundle: Bundle) -> "_Marks":
        posted, dataset, marks = self._marks
        if marks is None or posted is not self.posted or dataset is not bundle.model.dataset:
            posted, dataset = self.posted, bundle.model.dataset
            marks = _Marks.of(posted, dataset)
            self._marks = posted, dataset, marks
        return marks


@dataclass(frozen=True)
class _Marks:
    """What was posted, by the positions of one model."""

    only: Positions | None
    only_since: int
    place: Positions
    on: NDArray[np.bool_]
    since: Ticks

    @classmethod
    def of(cls, posted: Posted, dataset: Dataset) -> Self:
        only = None
        if posted.only is not None:
            only = np.unique(places(posted.only, dataset.items))
            only = only[only >= 0]
        place = places([one for one, _, _ in posted.said], dataset.items)
        on = np.array([state for _, state, _ in posted.said], dtype=np.bool_)
        since = np.array([tick for _, _, tick in posted.said], dtype=np.int64)
        known = place >= 0
        return cls(only, posted.only_since, place[known], on[known], since[known])
