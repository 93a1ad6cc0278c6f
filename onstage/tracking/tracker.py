"""A thin client of MLflow: every call names its run."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import batches
from onstage.tracking.artifacts import Artifacts
from onstage.tracking.client import connect, translated
from onstage.tracking.endpoint import Endpoint
from onstage.tracking.owner import Owner
from onstage.tracking.runs import (
    ERROR,
    FLOW_ID,
    FLOW_URL,
    KEY,
    OWNER,
    PARENT,
    RunRecord,
    Status,
    status_of,
)


if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)


class Tracker(Artifacts):
    """Experiments, runs, numbers and files, each call with an explicit run id.

    Safe to share between threads. Get one with :meth:`open`.
    """

    def __init__(self, client: "MlflowClient", endpoint: Endpoint) -> None:
        super().__init__(client, endpoint)
        self._flows: dict[str, Mapping[str, str]] = {}

    @classmethod
    def open(cls, mlflow_settings: MlflowSettings, settings: Settings) -> Self:
        """Connect, and make the database if this is the first touch.

        Raises
        ------
        TrackingError
            Within a few seconds, if the server or database does not answer, or cannot be used.
        """
        endpoint = Endpoint.resolve(mlflow_settings, settings)
        return cls(connect(endpoint), endpoint)

    def start_run(  # what a run is made of
        self,
        experiment: str,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> str:
        """Start a run and return its id.

        Parameters
        ----------
        experiment
            Name, not id.
        parent
            Run id of the parent, which need not be in the same process; empty: there is none.
        key
            Name of the piece of work. If the experiment has a run with this key (a killed process
            left it, or it is done again), that run is taken up instead; further ones are deleted.
        """
        tags = {**(tags or {}), OWNER: str(Owner.current())}
        if parent:
            tags = {**self._flow_of(parent), **tags, PARENT: parent}
        if key is not None:
            tags[KEY] = key
            run_id = self._take_up(experiment, key, tags)
            if run_id is not None:
                self._remember_flow(run_id, tags)
                self.log(run_id, params=params)
                return run_id
        with translated(self.endpoint):
            run = self.client.create_run(
                self.experiment(experiment), tags=batches.tags(tags), run_name=name
            )
        run_id = str(run.info.run_id)
        self._remember_flow(run_id, tags)
        self.log(run_id, params=params)
        return run_id

    def _flow_of(self, run_id: str) -> Mapping[str, str]:
        """Tags that say which flow run a run belongs to; asked once a process."""
        if run_id not in self._flows:
            self._remember_flow(run_id, self.get(run_id).tags)
        return self._flows[run_id]

    def _remember_flow(self, run_id: str, tags: Mapping[str, Any]) -> None:
        self._flows[run_id] = {name: tags[name] for name in (FLOW_ID, FLOW_URL) if name in tags}

    def _take_up(self, experiment: str, key: str, tags: Mapping[str, Any]) -> str | None:
        runs = self.search(experiment, tags={KEY: key})
        if not runs:
            return None
        first, *more = runs
        for run in more:
            self.delete(run.run_id)
        self.clear_error(first)
        self.log(first.run_id, tags=tags)  # first of all whose it is: RUNNING, it is no orphan
        with translated(self.endpoint):
            self.client.update_run(first.run_id, status="RUNNING")
        return first.run_id

    def log(
        self,
        run_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        series: Mapping[str, Mapping[int, float]] | None = None,
        step: int = 0,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        """Log in as few requests as MLflow's limits allow.

        Parameters
        ----------
        params
            Nested mappings are flattened with dots; long values are cut and end in a digest.
        metrics
            Logged at `step`.
        series
            Metric name to (step to value).
        tags
            None values are left out.

        Raises
        ------
        TrackingError
            If a name has a character that MLflow refuses, such as ``@``, before anything is sent.
        """
        from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415  # heavy

        now = int(time.time() * 1000)
        points = batches.metrics(metrics or {}, series or {}, step)
        numbers = [Metric(name, value, now, at) for name, value, at in points]
        texts = [Param(name, value) for name, value in batches.params(params or {}).items()]
        labels = [RunTag(name, value) for name, value in batches.tags(tags or {}).items()]
        with translated(self.endpoint):
            small = len(numbers) + len(texts) + len(labels) <= batches.METRICS_PER_BATCH
            if small and max(len(texts), len(labels)) <= batches.PARAMS_PER_BATCH:
                self.client.log_batch(run_id, numbers, texts, labels)
                return
            for some in batches.chunks(texts, batches.PARAMS_PER_BATCH):
                self.client.log_batch(run_id, params=some)
            for some_tags in batches.chunks(labels, batches.PARAMS_PER_BATCH):
                self.client.log_batch(run_id, tags=some_tags)
            for some_metrics in batches.chunks(numbers, batches.METRICS_PER_BATCH):
                self.client.log_batch(run_id, metrics=some_metrics)

    def finish(self, run_id: str, status: Status = "FINISHED", error: str | None = None) -> None:
        """End a run; `error` is the one line that says why it failed."""
        if error is not None:
            self.log(run_id, tags={ERROR: error})
        with translated(self.endpoint):
            self.client.set_terminated(run_id, status)

    def clear_error(self, run: RunRecord) -> None:
        """Take off a run what an earlier end said, before it goes on to another end."""
        if ERROR in run.tags:
            with translated(self.endpoint):
                self.client.delete_tag(run.run_id, ERROR)

    def delete(self, run_id: str) -> None:
        """Move a run to MLflow's bin."""
        with translated(self.endpoint):
            self.client.delete_run(run_id)

    @contextmanager
    def run(  # what a run is made of
        self,
        experiment: str,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Iterator[str]:
        """Start a run (:meth:`start_run`), and end it with the block.

        FINISHED; FAILED after an exception, with its message; KILLED after an interrupt.
        """
        run_id = self.start_run(experiment, name, parent=parent, tags=tags, params=params, key=key)
        try:
            yield run_id
        except BaseException as error:
            with suppress(TrackingError):  # the first error is the one to show
                self.finish(run_id, status_of(error), error=f"{type(error).__name__}: {error}")
            raise
        self.finish(run_id)

    def mark_orphans(self, experiment: str | None = None) -> list[str]:
        """Mark as KILLED what a process left RUNNING when it died; returns the run ids.

        Runs of living processes, of other machines and of other programs are left alone.
        """
        orphans = []
        for run in self.search(experiment, status="RUNNING"):
            owner = Owner.parse(run.tags.get(OWNER, ""))
            if owner is not None and owner.gone():
                logger.info("run %s (%s) was left by process %s", run.run_id, run.name, owner)
                self.finish(run.run_id, "KILLED", error=f"process {owner.process} ended without it")
                orphans.append(run.run_id)
        return orphans
