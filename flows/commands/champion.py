"""`onstage champion`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.commands.options import answer, config_argument, json_option
from onstage.errors import ConfigError


if TYPE_CHECKING:
    from onstage.pipeline.workspace import Workspace
    from onstage.registry.audit import Entry
    from onstage.registry.versions import Version


FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
)


@click.command(name="champion")
@config_argument
@click.option(
    "--at", type=click.DateTime(FORMATS), help="Who was it at this instant (UTC unless it says)."
)
@click.option("--history", is_flag=True, help="Every entry of the audit, oldest first.")
@json_option
def command(config: Path, *, at: datetime | None, history: bool, as_json: bool) -> None:
    """Say who is champion of CONFIG's data set, since when and why, from the audit.

    \b
      onstage champion configs/twitch105k.yaml
      onstage champion configs/twitch105k.yaml --at 2026-11-01T03:30
      onstage champion configs/twitch105k.yaml --history
    """
    from onstage.pipeline.promoting import audit_of, registry_of
    from onstage.pipeline.workspace import Workspace
    from onstage.registry.enact import reconcile
    from onstage.settings import apply_environment, load_settings

    if history and at is not None:
        message = "--history tells all of it and --at one instant: choose one"
        raise click.UsageError(message)
    apply_environment(load_settings())
    workspace = Workspace.open(config)
    registry, audit = registry_of(workspace), audit_of(workspace)
    name = workspace.registered_model
    reconcile(registry, audit, name)
    if history:
        _history(list(audit.entries(name)), as_json=as_json)
        return
    instant = datetime.now(UTC) if at is None else _aware(at)
    version = audit.champion_at(name, instant)
    if version is None:
        when = "yet" if at is None else f"at {instant:%Y-%m-%d %H:%M UTC}"
        message = f"{name} has no champion {when}; run `onstage retrain {config}`"
        raise ConfigError(message)
    _say(workspace, registry.get(name, version), audit.crowned(name, instant), as_json=as_json)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _say(
    workspace: "Workspace", champion: "Version", crowned: "Entry | None", *, as_json: bool
) -> None:
    value: dict[str, Any] = {
        "name": workspace.registered_model,
        "version": champion.version,
        "model": champion.model,
        "recipe": dict(champion.config),
        "data_digest": champion.data_digest,
        "run": champion.run_id,
        "since": None if crowned is None else crowned.model_dump(mode="json"),
    }
    lines = [f"{value['name']} v{champion.version}: {champion.model} {dict(champion.config)}"]
    if crowned is not None:
        lines.append(f"since {_line(crowned)}")
    answer(value, "\n".join(lines), as_json=as_json)


def _history(entries: "list[Entry]", *, as_json: bool) -> None:
    value = [entry.model_dump(mode="json") for entry in entries]
    text = "\n".join(_line(entry) for entry in entries) or "the audit has no entry"
    answer(value, text, as_json=as_json)


def _line(entry: "Entry") -> str:
    change = f"{_held(entry.before)} to {_held(entry.after)}"
    change = f"{_held(entry.after)} stays" if entry.before == entry.after else change
    why = "; ".join(entry.reasons)
    return f"{entry.time:%Y-%m-%d %H:%M UTC}, {entry.action} by {entry.who}, {change}: {why}"


def _held(version: str | None) -> str:
    return "nobody" if version is None else f"v{version}"
