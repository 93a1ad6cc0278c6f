"""`onstage champion`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option
from onstage.errors import ConfigError


@click.command(name="champion")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Say who is champion of CONFIG's data set, since when and why, from the audit."""
    from onstage.pipeline.promoting import audit_of, registry_of
    from onstage.pipeline.workspace import Workspace
    from onstage.settings import apply_environment, load_settings

    apply_environment(load_settings())
    workspace = Workspace.open(config)
    name = workspace.registered_model
    champion = registry_of(workspace).champion(name)
    if champion is None:
        message = f"{name} has no champion yet; run `onstage retrain {config}`"
        raise ConfigError(message)
    last = audit_of(workspace).last(name)
    value = {
        "name": name,
        "version": champion.version,
        "model": champion.model,
        "recipe": dict(champion.config),
        "data_digest": champion.data_digest,
        "run": champion.run_id,
        "last_decision": None if last is None else last.model_dump(mode="json"),
    }
    lines = [f"{name} v{champion.version}: {champion.model} {dict(champion.config)}"]
    if last is not None:
        lines.append(f"{last.time:%Y-%m-%d %H:%M UTC}  {last.action}: {'; '.join(last.reasons)}")
    answer(value, "\n".join(lines), as_json=as_json)
