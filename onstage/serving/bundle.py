"""Everything that answers requests, in one folder: model, availability, repeat policy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import ValidationError

from onstage.availability.files import load_index, save_index
from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.data.clock import Clock
from onstage.errors import StoreError
from onstage.models.base import Recommender
from onstage.models.saving import load_model, save_model
from onstage.types import ItemIds, Positions, UserIds


MODEL: Final = "model"
AVAILABILITY: Final = "availability"
INFO: Final = "bundle.json"
FORMAT: Final = 2
ZIPPED: Final = "availability.npz"
"""The windows in bundles of format 1, which are read as well."""


@dataclass(frozen=True)
class Bundle:
    """A model with what it needs to answer at an instant."""

    model: Recommender[Any]
    """Fitted."""
    availability: AvailabilityIndex
    """What is live when, by the windows that were known or scheduled when the bundle was made."""
    repeat: RepeatPolicy = field(default_factory=RepeatPolicy)
    """Used unless a request has its own."""
    info: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What the caller wanted to keep with it; plain JSON."""

    @property
    def clock(self) -> Clock:
        """How the log counts time."""
        return self.model.dataset.clock

    def tick(self, at: str | int | datetime | None) -> int:
        """The instant that a request means, as a tick.

        None and ``now`` are now; where the log counts steps, the step after the newest one known.
        ``last`` is the time of the newest interaction. An integer is a tick; other text and
        datetimes are read by :meth:`onstage.data.clock.Clock.parse`.
        """
        if isinstance(at, int | np.integer):
            return int(at)
        newest = int(self.model.history.time.max(initial=-1))
        if at == "last":
            return newest
        if at is not None and at != "now":
            return self.clock.parse(at)
        return newest + 1 if self.clock.kind == "step" else self.clock.parse(datetime.now(UTC))

    def live_at(self, tick: int, live: ItemIds | None = None) -> Positions:
        """Positions of the items that may be recommended at `tick`, ascending.

        Parameters
        ----------
        live
            Identifiers of who is live, from whoever knows; then the windows are not asked. Those
            the model has never heard of are left out.
        """
        if live is None:
            return self.availability.live_at(tick)
        positions = self.model.dataset.item_positions(live)
        return np.unique(positions[positions >= 0])

    def recommend(
        self,
        users: UserIds,
        at: str | int | datetime | None = None,
        k: int = 10,
        *,
        live: ItemIds | None = None,
        repeat: RepeatPolicy | None = None,
    ) -> pd.DataFrame:
        """Rank the best `k` live items for each user.

        Parameters
        ----------
        users : sequence of ids, shape (n_users,)
            Users the model does not know get what is popular among the live.
        at
            See :meth:`tick`.
        k : int
            Most items per user; fewer when fewer are live, and none when nobody is.
        live : sequence of ids, optional
            Who is live, instead of the windows (see :meth:`live_at`).
        repeat
            Instead of the bundle's policy.

        Returns
        -------
        pandas.DataFrame
            See :meth:`onstage.models.base.Recommender.recommend`.
        """
        tick = self.tick(at)
        return self.model.recommend(
            users,
            k=k,
            at=tick,
            candidates=self.model.dataset.items.take(self.live_at(tick, live)),
            repeat=repeat or self.repeat,
        )


def save_bundle(
    model: Recommender[Any],
    folder: Path,
    *,
    availability: AvailabilityIndex | None = None,
    repeat: RepeatPolicy | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Path:
    """Write a bundle into `folder`, which may exist: arrays as npy, the rest as JSON, no pickle.

    Parameters
    ----------
    availability
        Everything always, by default. Positions must be those of the model's vocabulary.
    extra
        Plain JSON that :attr:`Bundle.info` gives back. The same model, availability, policy and
        extra make the same bytes, so keep times and run ids out of it.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    index = availability or AvailabilityIndex.everything(model.dataset.n_items)
    head = {
        "format": FORMAT,
        "onstage": own_version(),
        "repeat": (repeat or RepeatPolicy()).model_dump(mode="json"),
        "info": dict(extra or {}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_model(model, folder / MODEL)
        save_index(index, folder / AVAILABILITY)
        (folder / INFO).write_text(json.dumps(head, indent=1, sort_keys=True), encoding="utf-8")
    except OSError as error:
        message = f"bundle {folder}: {error.strerror or error}; choose a writable folder"
        raise StoreError(message) from error
    return folder


def load_bundle(folder: Path) -> Bundle:
    """Read what :func:`save_bundle` wrote. Nothing in the folder can run code.

    Raises
    ------
    StoreError
        If a file is missing, damaged, or of another format.
    """
    try:
        head = json.loads((folder / INFO).read_text(encoding="utf-8"))
        _check_format(folder, head)
        index = _zipped(folder, head) if head["format"] == 1 else load_index(folder / AVAILABILITY)
        repeat = RepeatPolicy.model_validate(head["repeat"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        if isinstance(error, StoreError):
            raise
        message = f"bundle {folder}: {error}; it is incomplete or damaged, make it again"
        raise StoreError(message) from error
    return Bundle(load_model(folder / MODEL), index, repeat, MappingProxyType(head["info"]))


def _zipped(folder: Path, head: Mapping[str, Any]) -> AvailabilityIndex:
    with np.load(folder / ZIPPED, allow_pickle=False) as arrays:
        return AvailabilityIndex(
            item=arrays["item"],
            starts=arrays["starts"],
            ends=arrays["ends"],
            **head["availability"],
        )


def _check_format(folder: Path, head: Mapping[str, Any]) -> None:
    if head["format"] not in {1, FORMAT}:
        message = (
            f"bundle {folder}: format {head['format']}, this version reads 1 and {FORMAT}; "
            f"use onstage {head.get('onstage')} or make the bundle again"
        )
        raise StoreError(message)


def own_version() -> str:
    """Version of onstage; ``0`` where it is not installed but lies in a folder."""
    try:
        return version("onstage")
    except PackageNotFoundError:  # inside a served model, onstage is a folder of files
        return "0"
