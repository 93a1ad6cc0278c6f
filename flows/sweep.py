"""Tune, and nothing after it."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted, on_record, opened
from onstage.data.store import Reference
from onstage.errors import ConfigError
from onstage.pipeline.extras import need_extras
from tasks.spreading import spread
from tasks.sweep import sweep as tune


@flow(name="sweep", flow_run_name="sweep-{config}")
def sweep(
    config: str,
    algorithms: list[str] | None = None,
    trials: Annotated[int | None, Field(ge=1)] = None,
    processes: Annotated[int | None, Field(ge=1)] = None,
) -> dict[str, Reference]:
    """Ingest, validate, and run one study per algorithm on the validation part.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
        algorithms: Some of the configuration's; all by default.
        trials: Trials of each study, instead of the configuration's.
        processes: Trials at the same time, each in a process, instead of the configuration's.
    """
    workspace = opened(config, trials=trials, processes=processes)
    known = list(workspace.config.sweep.algorithms)
    chosen = algorithms or known
    if strangers := [name for name in chosen if name not in known]:
        message = f"algorithm {strangers[0]!r} is not in sweep.algorithms of {config}: {known}"
        raise ConfigError(message)
    need_extras(workspace.config, chosen)
    with on_record(workspace, "sweep") as run:
        log = accepted(workspace)
        with spread(workspace) as cluster:
            return {name: tune(workspace, log, name, run, cluster) for name in chosen}
