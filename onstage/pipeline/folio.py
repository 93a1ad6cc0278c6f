"""A page with its facts and figures: put where people look, and logged once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onstage.data.store import Reference
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace, write_atomically


FACTS: Final = "facts.json"
"""The numbers on the page, beside it in the artefact."""


@dataclass(frozen=True)
class Folio:
    """A kind of artefact that is a page, its facts and a folder of figures.

    Attributes
    ----------
    kind
        Its name, e.g. ``explore``: name of the run, and ``onstage.<kind>`` a tag of it.
    page, figures
        File and folder in the artefact.
    metrics
        From the facts to what MLflow is told of them.
    """

    kind: str
    page: str
    figures: str
    metrics: Callable[[Mapping[str, Any]], dict[str, float]]

    @property
    def tag(self) -> str:
        """Tag of the run: digest of the artefact that it shows."""
        return f"onstage.{self.kind}"

    def path(self, workspace: Workspace) -> Path:
        """Where people find the newest page."""
        return workspace.folder / self.page

    def facts(self, workspace: Workspace, made: Reference) -> dict[str, Any]:
        """The numbers on the page."""
        text = workspace.store.path(made, FACTS).read_text(encoding="utf-8")
        facts: dict[str, Any] = json.loads(text)
        return facts

    def record(
        self,
        workspace: Workspace,
        log: Reference,
        made: Reference,
        flow_run: Mapping[str, str] | None = None,
    ) -> str:
        """Put the page where people look, and log it; the same page has one run.

        Returns
        -------
        str
            The run's id.
        """
        store = workspace.store
        write_atomically(self.path(workspace), store.path(made, self.page).read_text("utf-8"))
        tracker, experiment = tracker_of(workspace), workspace.experiment
        for known in tracker.search(experiment, tags={self.tag: made.digest}):
            if known.status == "FINISHED":
                return known.run_id
        tags = {"onstage.kind": self.kind, "onstage.artifact": made.name, **(flow_run or {})}
        with tracker.run(
            experiment,
            self.kind,
            tags=tags,
            params={"seed": workspace.config.seed},
            key=f"{self.kind}-{made.digest[:16]}",
        ) as run:
            tracker.log_dataset(run, workspace.config.name, log.digest, str(store.path(log)))
            tracker.log(run, metrics=self.metrics(self.facts(workspace, made)))
            for file in (self.page, FACTS):
                tracker.log_artifact(run, store.path(made, file))
            tracker.log_artifacts(run, store.path(made, self.figures), self.figures)
            tracker.log(run, tags={self.tag: made.digest})
        return run


def metric_part(model: str) -> str:
    """A model's name as MLflow takes it between the slashes of a metric's name."""
    return "".join(c if c.isalnum() or c in "_-. " else "_" for c in model)
