"""From the raw log to a registered champion."""

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from flows.parts import accepted, examined
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.runs import tracked
from onstage.pipeline.workspace import Workspace
from tasks.cluster import cluster
from tasks.promote import promote
from tasks.recommend import recommend
from tasks.report import publish_report


@flow(name="retrain", flow_run_name="retrain-{config}")
def retrain(
    config: str,
    trials: Annotated[int | None, Field(ge=1)] = None,
) -> Outcome:
    """Ingest, validate, tune, examine, promote, cluster, recommend and report.

    What was finished before, with the same data, configuration and code, is found and not done
    again. The run stops before training if the data fail their suites. Two retrains of one data
    set never run at once.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
        trials: Trials of each study, instead of the configuration's.
    """
    workspace = Workspace.open(config, trials=trials)
    with workspace.alone("retrain"), tracked(workspace, "retrain", str(flow_run.id)) as run:
        log = accepted(workspace)
        exam = examined(workspace, log, run)
        decision = promote(workspace, log, exam.board, exam.backtests, exam.recipes, run)
        clusters = cluster(workspace, log)
        lists = recommend(workspace, log)
        outcome = Outcome(
            run=run,
            log=log,
            sweeps=exam.sweeps,
            backtests=exam.backtests,
            board=exam.board,
            decision=decision,
            clusters=clusters,
            recommendations=lists,
        )
        return publish_report(workspace, outcome)
