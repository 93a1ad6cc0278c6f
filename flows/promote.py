"""Put the leader before the gate."""

from prefect import flow

from flows.parts import accepted, examined, on_record, opened
from onstage.pipeline.outcome import Verdict
from tasks.promote import promote as decide


@flow(name="promote", flow_run_name="promote-{config}")
def promote(
    config: str,
) -> Verdict:
    """Register the leader and move ``@champion`` if the evidence allows.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = opened(config)
    with on_record(workspace, "promote") as run:
        log = accepted(workspace)
        exam = examined(workspace, log, run)
        return decide(workspace, log, exam.board, exam.backtests, exam.recipes, run)
