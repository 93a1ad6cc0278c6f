"""What is tracked already: experiments and runs, looked up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onstage.errors import TrackingError
from onstage.tracking.client import translated
from onstage.tracking.endpoint import Endpoint, is_http, masked
from onstage.tracking.runs import KEY, PARENT, RunRecord, Status


if TYPE_CHECKING:
    from mlflow import MlflowClient

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Lets the UI open an experiment on its training runs."""


class Reader:
    """Look up experiments and runs.

    Parameters
    ----------
    client
        MLflow's client.
    endpoint
        Where it is connected to.
    """

    def __init__(self, client: "MlflowClient", endpoint: Endpoint) -> None:
        self.client = client
        self.endpoint = endpoint
        self._experiments: dict[str, str] = {}

    def experiment(self, name: str) -> str:
        """Id of the experiment `name`, made when missing.

        Raises
        ------
        TrackingError
            If it was deleted, or cannot be made.
        """
        if name not in self._experiments:
            with translated(self.endpoint):
                self._experiments[name] = self._experiment(name)
        return self._experiments[name]

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  # heavy

        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                location = self.endpoint.artifact_location
                return str(self.client.create_experiment(name, location, tags=KIND))
            except MlflowException as error:
                found = self.client.get_experiment_by_name(name)  # somebody else was faster
                if found is None:
                    raise error from None
        if found.lifecycle_stage != "active":
            message = (
                f"experiment {name!r} was deleted: bring it back with `mlflow experiments restore "
                f"-x {found.experiment_id}`, or change `experiment` in mlflow.yaml"
            )
            raise TrackingError(message)
        return str(found.experiment_id)

    def get(self, run_id: str) -> RunRecord:
        """The run as it stands now."""
        with translated(self.endpoint):
            return RunRecord.of(self.client.get_run(run_id))

    def search(
        self,
        experiment: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        status: Status | None = None,
    ) -> list[RunRecord]:
        """Runs that are not deleted, oldest first.

        Parameters
        ----------
        experiment
            Name; every experiment by default.
        tags
            All must be equal.
        """
        clauses = [f"tags.`{name}` = '{_quotable(value)}'" for name, value in (tags or {}).items()]
        if status is not None:
            clauses.append(f"attributes.status = '{status}'")
        with translated(self.endpoint):
            ids = (
                [self.experiment(experiment)]
                if experiment is not None
                else [e.experiment_id for e in self.client.search_experiments()]
            )
            return [RunRecord.of(run) for run in self._pages(ids, " and ".join(clauses))]

    def _pages(self, experiments: Sequence[str], where: str) -> Iterator[Any]:
        token = None
        while True:
            page = self.client.search_runs(
                list(experiments), where, order_by=["attributes.start_time ASC"], page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def find(self, experiment: str, key: str) -> str | None:
        """Id of the run with this key (see :meth:`start_run`), or None."""
        runs = self.search(experiment, tags={KEY: key})
        return runs[0].run_id if runs else None

    def children(self, run_id: str) -> list[RunRecord]:
        """Runs whose parent is `run_id`, in its experiment, oldest first."""
        with translated(self.endpoint):
            experiment = self.client.get_run(run_id).info.experiment_id
            where = f"tags.`{PARENT}` = '{_quotable(run_id)}'"
            return [RunRecord.of(run) for run in self._pages([experiment], where)]

    def history(self, run_id: str, metric: str) -> dict[int, float]:
        """Step to value of one metric; the newest value of a step."""
        with translated(self.endpoint):
            points = self.client.get_metric_history(run_id, metric)
        return {p.step: p.value for p in sorted(points, key=lambda p: p.timestamp)}

    def url(self, run_id: str, ui: str = "http://127.0.0.1:5000") -> str:
        """Address of the run's page: on the tracking server, or on the UI of `make ui`."""
        base = self.endpoint.tracking_uri if is_http(self.endpoint.tracking_uri) else ui
        experiment = self.get(run_id).experiment_id
        bare = masked(base).replace("***@", "").rstrip("/")
        return f"{bare}/#/experiments/{experiment}/runs/{run_id}"


def _quotable(value: str) -> str:
    if "'" in value or "\\" in value:
        message = f"tag value {value!r}: a quote cannot be searched for; use letters and digits"
        raise TrackingError(message)
    return value
