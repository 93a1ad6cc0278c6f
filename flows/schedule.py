"""When Prefect will start a retrain next."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from flows.prefect_api import asked
from flows.running import configured


LOOKED_AT = 200
"""Most scheduled runs looked at, the soonest first."""


def upcoming(configs: Sequence[Path]) -> list[datetime | None]:
    """Time of the next scheduled retrain of each configuration; None without one.

    Parameters
    ----------
    configs
        Paths; those of the deployments are taken from this folder, as `prefect deploy` was given.

    Raises
    ------
    OrchestrationError
        If Prefect's settings name a server and it does not answer.
    """
    if not configured():
        return [None] * len(configs)
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        FlowFilter,
        FlowFilterName,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    asked("/admin/version")
    waiting = FlowRunFilterStateType(any_=[StateType.SCHEDULED])
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["retrain"])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=waiting)),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=LOOKED_AT,
        )
    soonest: dict[Path, datetime | None] = {}
    for run in runs:
        config = Path(str(run.parameters.get("config"))).resolve()
        soonest.setdefault(config, run.expected_start_time)
    return [soonest.get(config.resolve()) for config in configs]
