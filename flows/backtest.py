"""Examine every recipe on the same events."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted, examined, on_record, opened, rolled
from onstage.data.store import Reference
from onstage.pipeline.extras import need_extras


@flow(name="backtest", flow_run_name="backtest-{config}")
def backtest(
    config: str,
    origins: Annotated[int, Field(ge=1)] = 1,
) -> Reference:
    """Everything up to the leaderboard: nothing is registered or promoted.

    With several origins the test part is moved back by whole parts: at each, models are tuned and
    fitted on what was known then. The result is then the table over origins.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
        origins: How many test parts, the newest and those before it; 1 is an ordinary backtest.
    """
    workspace = opened(config)
    need_extras(workspace.config)
    with on_record(workspace, "backtest") as run:
        log = accepted(workspace)
        if origins == 1:
            return examined(workspace, log, run).board
        return rolled(workspace, log, origins, run)
