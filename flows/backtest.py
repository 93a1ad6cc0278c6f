"""Examine every recipe on the same events."""

from prefect import flow
from prefect.runtime import flow_run

from flows.parts import accepted, examined
from onstage.data.store import Reference
from onstage.pipeline.extras import need_extras
from onstage.pipeline.runs import tracked
from onstage.pipeline.workspace import Workspace


@flow(name="backtest", flow_run_name="backtest-{config}")
def backtest(
    config: str,
) -> Reference:
    """Everything up to the leaderboard: nothing is registered or promoted.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = Workspace.open(config)
    need_extras(workspace.config)
    with workspace.alone("backtest"), tracked(workspace, "backtest", str(flow_run.id)) as run:
        return examined(workspace, accepted(workspace), run).board
