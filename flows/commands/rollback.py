"""`onstage rollback`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option, reason_option


@click.command(name="rollback")
@config_argument
@reason_option(required=True)
@click.option("--version", help="Go back to this version instead of the champion before.")
@json_option
def command(config: Path, *, reason: str, version: str | None, as_json: bool) -> None:
    """Give @champion of CONFIG's data set back to the version that held it before.

    \b
    Who did it, when and why goes into the audit:
      onstage rollback configs/twitch105k.yaml --reason "viewers complain"
      onstage champion configs/twitch105k.yaml
    """
    from onstage.pipeline.promoting import audit_of, registry_of
    from onstage.pipeline.workspace import Workspace
    from onstage.registry.enact import rollback
    from onstage.settings import apply_environment, load_settings

    apply_environment(load_settings())
    workspace = Workspace.open(config)
    name = workspace.registered_model
    with workspace.alone("rollback"):
        entry = rollback(registry_of(workspace), audit_of(workspace), name, reason, version=version)
    line = f"{name}: rolled back from v{entry.before} to v{entry.after}: {reason}"
    answer(entry.model_dump(mode="json"), line, as_json=as_json)
