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
    crowned, before = None, None
    for entry in audit_of(workspace).entries(name):
        if entry.after == champion.version and before != champion.version:
            crowned = entry
        before = entry.after
    value = {
        "name": name,
        "version": champion.version,
        "model": champion.model,
        "recipe": dict(champion.config),
        "data_digest": champion.data_digest,
        "run": champion.run_id,
        "since": None if crowned is None else crowned.model_dump(mode="json"),
    }
    lines = [f"{name} v{champion.version}: {champion.model} {dict(champion.config)}"]
    if crowned is not None:
        why = "; ".join(crowned.reasons)
        lines.append(f"since {crowned.time:%Y-%m-%d %H:%M UTC}, {crowned.action}: {why}")
    answer(value, "\n".join(lines), as_json=as_json)
