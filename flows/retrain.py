"""From the raw log to a registered champion."""

from typing import Annotated

from prefect import flow, get_run_logger
from pydantic import Field

from flows.parts import accepted, examined, on_record, opened
from onstage.pipeline.extras import need_extras
from onstage.pipeline.novelty import nothing_new
from onstage.pipeline.outcome import Outcome
from tasks.cluster import cluster
from tasks.drift import look_for_drift
from tasks.events import say_verdict
from tasks.ingest import ask
from tasks.lineage import say_again
from tasks.promote import promote
from tasks.recommend import look_ahead, recommend
from tasks.report import publish_report


@flow(name="retrain", flow_run_name="retrain-{config}")
def retrain(
    config: str,
    trials: Annotated[int | None, Field(ge=1)] = None,
    again: bool = False,  # noqa: FBT001, FBT002  # Prefect shows it as a check box
) -> Outcome:
    """Ingest, validate, tune, examine, look for drift, promote, cluster, recommend and report.

    What was finished before, with the same data, configuration and code, is found and not done
    again; with nothing new at all the run ends at once. It stops before training if the data fail
    their suites. Two retrains of one data set never run at once.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
        trials: Trials of each study, instead of the configuration's.
        again: Go through all steps even if nothing is new since the last retrain.
    """
    workspace = opened(config, trials=trials)
    if not again and (known := nothing_new(workspace)) is not None:
        say_again(workspace, known)
        get_run_logger().info("%s", known.decision.sentence)
        say_verdict(workspace, known.decision)
        return known
    need_extras(workspace.config)
    with on_record(workspace, "retrain") as run:
        asked = ask(workspace)  # before anything is read: what arrives later is new
        log = accepted(workspace)
        look_ahead(workspace, log)
        exam = examined(workspace, log, run)
        drift = look_for_drift(workspace, log, exam.backtests, exam.recipes, run, flow="retrain")
        decision = promote(workspace, log, exam.board, exam.backtests, exam.recipes, run)
        clusters = cluster(workspace, log, run)
        lists = recommend(workspace, log)
        outcome = Outcome(
            run=run,
            log=log,
            sweeps=exam.sweeps,
            backtests=exam.backtests,
            board=exam.board,
            decision=decision,
            clusters=clusters,
            slices=exam.slices,
            recommendations=lists,
            question=asked,
            recipes=exam.recipes,
            drift=drift,
        )
        return publish_report(workspace, outcome)
