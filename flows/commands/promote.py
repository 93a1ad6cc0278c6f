"""`onstage promote`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.commands.options import answer, config_argument, json_option, reason_option


if TYPE_CHECKING:
    from onstage.registry.conditions import Condition


@click.command(name="promote")
@config_argument
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be decided, condition by condition, on the last retrain.",
)
@click.option("--force", is_flag=True, help="Promote the challenger whatever the evidence says.")
@click.option("--version", help="With --force: this version instead of the challenger.")
@reason_option(required=False)
@json_option
def command(
    config: Path,
    *,
    dry_run: bool,
    force: bool,
    version: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Put the leader of CONFIG's leaderboard before the gate.

    Does what is missing up to the leaderboard, registers the leader as @challenger, and moves
    @champion only if the paired evidence allows. Exit status 1 if the champion was kept.

    \b
    To overrule the gate, say why; nothing is examined, and the audit says who forced it:
      onstage promote configs/twitch105k.yaml --force --reason "the old one serves nobody"
    """
    if force and dry_run:
        message = "--force moves the alias and --dry-run moves nothing: choose one"
        raise click.UsageError(message)
    if force != (reason is not None) or (version is not None and not force):
        message = "--force needs --reason TEXT; --reason and --version go with --force only"
        raise click.UsageError(message)
    if force:
        _forced(config, str(reason), version, as_json=as_json)
        return
    if dry_run:
        verdict, sentence, value = _preview(config)
    else:
        from flows.running import orchestrated

        with orchestrated(config):
            from flows.promote import promote

            made = promote(str(config))
        verdict, sentence, value = made.verdict, made.sentence, made.model_dump(mode="json")
    answer(value, sentence, as_json=as_json)
    if verdict == "kept":
        raise SystemExit(1)


def _forced(config: Path, reason: str, version: str | None, *, as_json: bool) -> None:
    from onstage.pipeline.promoting import audit_of, registry_of
    from onstage.pipeline.workspace import Workspace
    from onstage.registry.enact import force
    from onstage.settings import apply_environment, load_settings

    apply_environment(load_settings())
    workspace = Workspace.open(config)
    name = workspace.registered_model
    with workspace.alone("promote"):
        entry = force(registry_of(workspace), audit_of(workspace), name, reason, version=version)
    before = "nobody" if entry.before is None else f"v{entry.before}"
    line = f"{name}: forced v{entry.after} over {before}: {reason}"
    answer(entry.model_dump(mode="json"), line, as_json=as_json)


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
        "conditions": [one.model_dump(mode="json") for one in decision.conditions],
        "dry_run": True,
    }
    lines = [f"  {_mark(one):10}  {one.reason}" for one in decision.conditions]
    return decision.verdict, "\n".join([decision.sentence, *lines]), value


def _mark(condition: "Condition") -> str:
    if not condition.judged:
        return "not judged"
    return "holds" if condition.passed else "FAILS"
