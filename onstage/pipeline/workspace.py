"""One data set's place: its configuration, the store, and the memory of earlier runs."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final, Self, TypeVar

from pydantic import BaseModel

from onstage.clustering.scaling import ScalingName
from onstage.config import PipelineConfig, load_config
from onstage.data.remote import remote_of
from onstage.data.store import Reference, Store, step_key
from onstage.errors import ConfigError
from onstage.files import replacing
from onstage.settings import (
    MlflowSettings,
    Settings,
    be_quiet,
    load_mlflow_settings,
    load_settings,
)


logger = logging.getLogger(__name__)

_LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at a lock that somebody else holds."""

StateT = TypeVar("StateT", bound=BaseModel)

Counts = Mapping[str, float | int | str]


@dataclass(frozen=True)
class Workspace:
    """What every step needs and no step owns.

    Attributes
    ----------
    config
        The data set's configuration.
    settings
        This machine's settings.
    mlflow
        Where runs are tracked, and what promotes a version.
    """

    config: PipelineConfig
    settings: Settings
    mlflow: MlflowSettings

    @classmethod
    def open(
        cls, config: Path | str, *, trials: int | None = None, processes: int | None = None
    ) -> Self:
        """Read the configuration and the settings.

        `trials` replaces every study's number, `processes` how many trials run at a time.

        Telemetry is switched off for this process, whoever started it.
        """
        be_quiet()
        read = load_config(Path(config))
        if trials is not None:
            read = read.model_copy(update={"sweep": read.sweep.with_trials(trials)})
        if processes is not None and read.runner.spreads:
            runner = read.runner.model_copy(update={"workers": processes})
            read = read.model_copy(update={"runner": runner})
        elif processes is not None:
            read = read.model_copy(update={"sweep": read.sweep.with_processes(processes)})
        return cls(read, load_settings(), load_mlflow_settings())

    def asking(
        self,
        *,
        at: str | None = None,
        k: int | None = None,
        form: str | None = None,
        only_new: bool | None = None,
        clusters: bool | None = None,
    ) -> Self:
        """The workspace with other recommendations: instant, length, format, repeats, clusters."""
        asked_for = {"at": at, "k": k, "format": form}
        asked_for |= {"only_new": only_new or None, "clusters": clusters or None}
        changes = {name: value for name, value in asked_for.items() if value is not None}
        asked = self.config.recommend.model_copy(update=changes)
        return replace(self, config=self.config.model_copy(update={"recommend": asked}))

    def comparing(
        self,
        *,
        sample: int | None = None,
        folds: int | None = None,
        names: Sequence[str] | None = None,
        trials: int | None = None,
    ) -> Self:
        """The workspace with another sample, folds, models or trials of its ratings models.

        Raises
        ------
        ConfigError
            If a name is not among the models, or there are fewer than 2 folds.
        """
        ratings = self.config.ratings.asking(sample, folds, list(names or ()))
        if trials is not None:
            sweep = ratings.sweep.model_copy(update={"trials": trials})
            ratings = ratings.model_copy(update={"sweep": sweep})
        return replace(self, config=self.config.model_copy(update={"ratings": ratings}))

    def grouping(self, *, k: int | None = None, scaling: ScalingName | None = None) -> Self:
        """The workspace with another number of clusters or another scaling."""
        asked_for = {"k": k, "scaling": scaling}
        changes = {name: value for name, value in asked_for.items() if value is not None}
        asked = self.config.clusters.model_copy(update=changes)
        return replace(self, config=self.config.model_copy(update={"clusters": asked}))

    def on_primary(self) -> Self:
        """The workspace with the primary protocol alone."""
        changed = self.config.model_copy(update={"protocols": (self.config.primary,)})
        return replace(self, config=changed)

    def travelling(self) -> Self:
        """The workspace for a process elsewhere: its home by its whole path.

        Workers that this machine starts divide its cores among them; those of another cluster use
        ``ONSTAGE_THREADS``, or else all cores of their machine.
        """
        settings, runner = self.settings, self.config.runner
        threads = settings.threads
        if runner.address is None:
            threads = max(1, (threads or os.cpu_count() or 1) // runner.workers)
        changes = {"home": settings.home.resolve(), "threads": threads}
        return replace(self, settings=settings.model_copy(update=changes))

    @cached_property
    def store(self) -> Store:
        """The artefact store."""
        return Store(self.settings.store, remote_of(self.settings))

    @property
    def folder(self) -> Path:
        """Folder of this data set's studies, state and outputs."""
        return self.settings.home / "datasets" / self.config.name

    @property
    def experiment(self) -> str:
        """Name of the MLflow experiment."""
        return f"{self.mlflow.experiment}/{self.config.name}"

    @property
    def registered_model(self) -> str:
        """Name of the registered model."""
        return f"{self.mlflow.registered_model}-{self.config.name}"

    def step(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Reference | str],
        config: Any,  # noqa: ANN401  # anything pydantic can write as JSON
        build: Callable[[Path], Counts],
        *,
        content: Sequence[str] = ("*",),
    ) -> Reference:
        """Run one step, or find what it made before.

        Parameters
        ----------
        name, version
            The step and its code version: raise the version when the code's results change.
        inputs
            What it depends on; of references only the content's digest counts.
        config
            The part of the configuration that it depends on.
        build
            Writes files into the folder it is given and returns counts. ``seconds`` is added.
        content
            Patterns of the files that later steps depend on (:meth:`Store.make`).
        """
        key = _key(name, version, inputs, config)

        def timed(folder: Path) -> Counts:
            began = time.perf_counter()
            counts = build(folder)
            return {**counts, "seconds": round(time.perf_counter() - began, 3)}

        return self.store.make(name, key, timed, content=content)

    def find(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Reference | str],
        config: Any,  # noqa: ANN401  # as step
    ) -> Reference | None:
        """What :meth:`step` made before; None where it would have to make it."""
        return self.store.find(name, _key(name, version, inputs, config))

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Hold the data set's lock; it dies with the process, however that ends.

        Waits for another holder as long as ``ONSTAGE_WAIT_SECONDS`` says.

        Raises
        ------
        ConfigError
            If another process holds it after that.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as lock:
            self._take(lock, what)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            if swept := self.store.sweep_drafts():
                logger.info("removed %d drafts of killed processes", swept)
            yield

    def _take(self, lock: IO[str], what: str) -> None:
        patience = self.settings.wait_seconds
        end = time.monotonic() + patience
        said = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                busy = (
                    f"{what} {self.config.name}: process {lock.read().strip() or '?'} is at work "
                    "on this data set"
                )
                if time.monotonic() >= end:
                    waited = f" after {patience:g} s" if patience else ""
                    remedy = "wait for it to end, or let this wait longer (ONSTAGE_WAIT_SECONDS)"
                    message = f"{busy}{waited}; {remedy}"
                    raise ConfigError(message) from error
                if not said:
                    logger.warning("%s: waiting for it, up to %g s", busy, patience)
                    said = True
                time.sleep(min(_LOOK_AGAIN, patience))
            else:
                return


def _key(
    name: str,
    version: str,
    inputs: Mapping[str, Reference | str],
    config: Any,  # noqa: ANN401  # anything pydantic can write as JSON
) -> str:
    digests = {k: v.digest if isinstance(v, Reference) else v for k, v in inputs.items()}
    return step_key(name, version, digests, config)


def read_state(path: Path, kind: type[StateT]) -> StateT | None:
    """Read a small file of state; None where there is none, or where it is damaged.

    State only remembers what the store and the registry hold, so a damaged file (or one of another
    version) costs a little work and is replaced by the next run.
    """
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("%s is damaged and ignored (%s)", path.name, type(error).__name__)
        return None


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file by rename, so that a reader or a crash never sees half of it.

    Raises
    ------
    StoreError
        If it cannot be written; what stood there before still does.
    """
    with replacing(path, "free space or choose another folder (ONSTAGE_HOME)") as draft:
        draft.write_text(text, encoding="utf-8")
