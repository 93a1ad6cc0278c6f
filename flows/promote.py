"""Put the leader before the gate."""

from prefect import flow
from prefect.runtime import flow_run

from flows.parts import accepted, examined
from onstage.pipeline.outcome import Verdict
from onstage.pipeline.runs import tracked
from onstage.pipeline.workspace import Workspace
from tasks.promote import promote as decide


@flow(name="promote", flow_run_name="promote-{config}")
def promote(
    config: str,
) -> Verdict:
    """Register the leader and move ``@champion`` if the evidence allows.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = Workspace.open(config)
    with workspace.alone("promote"), tracked(workspace, "promote", str(flow_run.id)) as run:
        log = accepted(workspace)
        exam = examined(workspace, log, run)
        return decide(workspace, log, exam.board, exam.backtests, exam.recipes, run)
