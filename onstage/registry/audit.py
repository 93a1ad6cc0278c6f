"""Who was champion when, and why: a file that only grows."""

import getpass
import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from onstage.errors import StoreError
from onstage.registry.conditions import Condition, Gain, Number
from onstage.registry.promotion import Decision
from onstage.tracking.lock import locked


logger = logging.getLogger(__name__)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Interval(_Record):
    """One paired difference that a decision rested on."""

    mean: Number
    """Mean of challenger - opponent."""
    low: Number
    """Lower end of the bootstrap interval."""
    high: Number
    """Upper end."""
    n_events: int
    """Events both answered."""
    n_users: int
    """Users that were resampled."""

    @classmethod
    def of(cls, gain: Gain) -> Self:
        """Copy a difference into the record."""
        return cls(
            mean=gain.mean,
            low=gain.low,
            high=gain.high,
            n_events=gain.n_events,
            n_users=gain.n_users,
        )


class Entry(_Record):
    """One line of the audit."""

    time: AwareDatetime
    """When it was decided, UTC."""
    model: str
    """Registered model."""
    action: Literal["first", "promoted", "refreshed", "kept", "rolled-back", "forced", "observed"]
    """``forced``: a person overruled the gate. ``observed``: somebody else had moved the alias, and
    this is when it was noticed."""
    challenger: str | None = None
    """Version that was proposed."""
    before: str | None = None
    """Version that was champion before."""
    after: str | None = None
    """Version that is champion from now on."""
    reasons: tuple[str, ...] = ()
    """As :class:`~onstage.registry.promotion.Decision` gives them."""
    intervals: dict[str, Interval] = {}
    """Opponent to the paired difference."""
    conditions: tuple[Condition, ...] = ()
    """Every condition that was looked at, with its numbers."""
    who: str = ""
    """Who, or whose process, did it."""
    run_id: str | None = None
    """MLflow run that the decision belongs to."""

    @classmethod
    def of(cls, model: str, decision: Decision, *, run_id: str | None = None) -> Self:
        """Record `decision`, taken now."""
        before = None if decision.champion is None else decision.champion.version
        challenger = decision.challenger.version
        return cls(
            time=datetime.now(UTC),
            model=model,
            action=decision.verdict,
            challenger=challenger,
            before=before,
            after=challenger if decision.promote else before,
            reasons=decision.reasons,
            intervals={name: Interval.of(gain) for name, gain in decision.intervals.items()},
            conditions=decision.conditions,
            who=whoami(),
            run_id=run_id,
        )


def whoami() -> str:
    """Name of the user this process belongs to; ``unknown`` where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's bare numeric user
        return "unknown"


class Audit:
    """JSON lines in one file, never rewritten.

    Parameters
    ----------
    path
        Created by the first :meth:`append`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from writing; waits for the holder, and dies with its process.

        Raises
        ------
        StoreError
            If the lock's file, beside the audit, cannot be made.
        """
        with ExitStack() as held:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                held.enter_context(locked(self.path.with_name(f"{self.path.name}.lock")))
            except OSError as error:
                raise self._unwritable(error) from error
            yield

    def append(self, entry: Entry) -> None:
        """Add one line and wait until it is on the disk.

        A line torn by a killed process is closed first, so that it costs only itself. Where the
        clock went back since the last entry, a warning says so and the entry keeps its own time.

        Raises
        ------
        StoreError
            If the file cannot be written.
        """
        last = self.last(entry.model)
        if last is not None and entry.time < last.time:
            logger.warning(
                "%s: the clock went back from %s to %s; the audit's order counts",
                entry.model, last.time, entry.time,
            )  # fmt: skip
        line = f"{json.dumps(entry.model_dump(mode='json'), ensure_ascii=False)}\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as stream:
                if stream.seek(0, os.SEEK_END) > 0:
                    stream.seek(-1, os.SEEK_END)
                    line = line if stream.read(1) == b"\n" else f"\n{line}"
                stream.write(line.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def entries(self, model: str | None = None) -> Iterator[Entry]:
        """Every entry in the order it was written, or those of one registered model.

        A line that cannot be read is left out with a warning.
        """
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                entry = self._parse(number, line)
                if entry is not None and model in {None, entry.model}:
                    yield entry

    def champion_at(self, model: str, time: datetime) -> str | None:
        """Version that was champion of `model` at `time` (timezone-aware); None before the first.

        An entry holds from its own instant on, ``entry.time <= time``, and until the next. Where
        the clock went back between two, the order in which they were written counts: the later one
        holds from the latest instant written before it.
        """
        entry = self.crowned(model, time)
        return None if entry is None else entry.after

    def crowned(self, model: str, time: datetime) -> Entry | None:
        """The entry by which whoever was champion at `time` had become champion."""
        found, held = None, None
        for since, entry in self._timed(model):
            if since <= time and entry.after != held:
                found, held = entry, entry.after
        return found

    def _timed(self, model: str) -> Iterator[tuple[datetime, Entry]]:
        """Every entry and since when it holds: instants that never go back."""
        since, gone_back = datetime.min.replace(tzinfo=UTC), 0
        for entry in self.entries(model):
            gone_back += entry.time < since
            since = max(since, entry.time)
            yield since, entry
        if gone_back:
            logger.warning(
                "audit %s: the clock went back before %d entries of %s; their order counts",
                self.path, gone_back, model,
            )  # fmt: skip

    def last(self, model: str) -> Entry | None:
        """The newest entry of `model`."""
        newest = None
        for newest in self.entries(model):  # noqa: B007  # the last one is the answer
            pass
        return newest

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(f"audit {self.path}: {error.strerror}; choose a writable ONSTAGE_HOME")

    def _parse(self, number: int, line: str) -> Entry | None:
        if not line.strip():
            return None
        try:
            return Entry.model_validate_json(line)
        except ValidationError:
            logger.warning("audit %s: line %d cannot be read and is left out", self.path, number)
            return None
