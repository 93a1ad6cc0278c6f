"""What a person is told at the end of a retrain."""

from pathlib import Path
from typing import Any

from onstage.pipeline.leaks import leaks_line
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.page import lists_place
from onstage.pipeline.ranking import primary_rows, read_rows
from onstage.pipeline.workspace import Workspace
from onstage.reporting.tables import leaderboard_records, leaderboard_text


def summary(config: Path, outcome: Outcome, wall: float) -> tuple[dict[str, Any], str]:
    """The end of a retrain, for a program and for a person.

    Parameters
    ----------
    wall
        Seconds since the command started, imports and server included.
    """
    workspace = Workspace.open(config)
    rows = read_rows(workspace, outcome.board)
    primary = primary_rows(rows, workspace)
    lists = lists_place(workspace, outcome)
    fit, evaluate = outcome.seconds(of="fit_seconds"), outcome.seconds(of="evaluate_seconds")
    times = {
        "wall_seconds": round(wall, 1),
        "fit_seconds": round(fit, 1),
        "evaluate_seconds": round(evaluate, 1),
        "other_seconds": round(wall - fit - evaluate, 1),
        "other_share": round((wall - fit - evaluate) / wall, 3),
        "steps": len(outcome.steps),
        "steps_reused": sum(step.reused for step in outcome.steps),
    }
    docs = workspace.store.path(outcome.log, "data_docs/index.html")
    value = {
        "decision": outcome.decision.sentence,
        "gains": {name: gain.model_dump() for name, gain in outcome.decision.gains.items()},
        "verdict": outcome.decision.verdict,
        "champion": outcome.decision.champion,
        "challenger": outcome.decision.challenger,
        "leaderboard": leaderboard_records(primary),
        "drift": None if outcome.drift is None else outcome.drift.model_dump(mode="json"),
        "leaks": leaks_line(workspace, outcome.board),
        "mlflow_run": outcome.run,
        "report": outcome.page,
        "recommendations": str(lists),
        "data_docs": str(docs),
        "times": times,
    }
    first = rows.merge(primary[["protocol", "group"]].drop_duplicates())
    lines = [
        leaderboard_text(first, primary=workspace.mlflow.promotion.metric),
        outcome.decision.sentence,
        *([] if outcome.drift is None else [outcome.drift.sentence]),
        leaks_line(workspace, outcome.board),
        "",
        f"report            {outcome.page}",
        f"recommendations   {lists}",
        f"Data Docs         {docs}",
        f"MLflow run        {outcome.run} in experiment {workspace.experiment}",
        "MLflow, Prefect   onstage ui   (or make ui)",
        "",
        _spent(times),
    ]
    return value, "\n".join(lines)


def _spent(times: dict[str, float]) -> str:
    return (
        f"{times['wall_seconds']} s: fitting {times['fit_seconds']} s, "
        f"evaluating {times['evaluate_seconds']} s, everything else {times['other_seconds']} s "
        f"({100 * times['other_share']:.0f} %); "
        f"{times['steps_reused']} of {times['steps']} steps were there already"
    )
