"""`onstage promote`."""

from pathlib import Path
from typing import Any

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="promote")
@config_argument
@click.option("--dry-run", is_flag=True, help="Say what would be decided on the last retrain.")
@json_option
def command(config: Path, *, dry_run: bool, as_json: bool) -> None:
    """Put the leader of CONFIG's leaderboard before the gate.

    Does what is missing up to the leaderboard, registers the leader as @challenger, and moves
    @champion only if the paired evidence allows. Exit status 1 if the champion was kept.
    """
    from flows.running import prepare

    prepare(config)
    if dry_run:
        verdict, sentence, value = _preview(config)
    else:
        from flows.promote import promote

        made = promote(str(config))
        verdict, sentence, value = made.verdict, made.sentence, made.model_dump(mode="json")
    answer(value, sentence, as_json=as_json)
    if verdict == "kept":
        raise SystemExit(1)


def _preview(config: Path) -> tuple[str, str, dict[str, Any]]:
    from onstage.pipeline.outcome import recall
    from onstage.pipeline.promoting import preview
    from onstage.pipeline.workspace import Workspace

    workspace = Workspace.open(config)
    last = recall(workspace)
    decision = preview(workspace, last.log, last.board, last.backtests, last.recipes)
    value: dict[str, Any] = {
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "dry_run": True,
    }
    return decision.verdict, decision.sentence, value
