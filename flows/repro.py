"""Make a logged run again, in a home of its own, and compare."""

from pathlib import Path

from prefect import flow

from flows.parts import accepted, examined, on_record
from onstage.pipeline.repro.made import Made
from onstage.pipeline.repro.rebuilding import recorded
from onstage.pipeline.repro.repetition import Repeated, compared
from onstage.settings import load_mlflow_settings, load_settings


@flow(name="repro", flow_run_name="repro-{run_id}")
def repro(
    run_id: str,
    home: str,
) -> Repeated:
    """Everything up to the leaderboard, from what the run keeps of itself.

    Args:
        run_id: MLflow's id of a run of retrain, backtest or promote.
        home: Folder for store, tracking and registry of the repetition; nothing else is written.
    """
    past = recorded(run_id, load_mlflow_settings(), load_settings())
    workspace = past.workspace(Path(home))
    with on_record(workspace, "repro") as run:
        log = accepted(workspace)
        exam = examined(workspace, log, run, past.champions)
        again = Made.of(workspace, log, exam.board, exam.backtests, exam.recipes)
        return compared(past, workspace, exam.board, again)
