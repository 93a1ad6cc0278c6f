"""A flow run says what it was made of, its MLflow runs say which flow run they belong to."""

from pathlib import Path

import pytest

from onstage.pipeline.outcome import Outcome
from onstage.pipeline.repro.environment import code_name, config_digest
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect"),
]


def test_a_flow_run_and_its_mlflow_runs_name_each_other(first: Outcome, config: Path) -> None:
    from prefect import get_client

    workspace = Workspace.open(config)
    tracker = tracker_of(workspace)
    mine = [tracker.get(first.run), *tracker.children(first.run)]
    mine += [trial for run in mine[1:] for trial in tracker.children(run.run_id)]
    assert len([run for run in mine if run.tags.get("onstage.kind") == "trial"]) == 4
    (flow_id,) = {run.tags["prefect.flow_run_id"] for run in mine}
    with get_client(sync_client=True) as client:
        flow = client.read_flow_run(flow_id)
    digest = config_digest(workspace.config)
    said = {name: value for name, value in flow.labels.items() if name.startswith("onstage.")}
    assert said == {
        "onstage.config": digest,
        "onstage.code": code_name(),
        "onstage.data": first.log.digest,
        "onstage.mlflow": first.run,
    }
    assert set(flow.tags) == {
        f"config:{digest[:12]}",
        f"code:{code_name()}",
        f"data:{first.log.digest[:12]}",
        f"mlflow:{first.run[:12]}",
    }


def test_a_flow_run_that_repeats_an_outcome_says_what_it_rests_on(
    first: Outcome, config: Path
) -> None:
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

    from flows.retrain import retrain

    tags = FlowRunFilterTags(all_=[f"data:{first.log.digest[:12]}", f"mlflow:{first.run[:12]}"])

    def found() -> int:
        with get_client(sync_client=True) as client:
            return len(client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags)))

    before = found()
    assert retrain(str(config)).run == first.run
    assert found() == before + 1
