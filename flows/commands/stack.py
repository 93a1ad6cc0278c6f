"""`onstage stack`."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onstage.errors import OrchestrationError


if TYPE_CHECKING:
    from flows.stack.stack import Stack


@click.command(name="stack")
@click.argument(
    "config", type=click.Path(path_type=Path, dir_okay=False), metavar="[CONFIG]", required=False
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Databases, logs and MLflow's files.  [default: ONSTAGE_HOME/stack]",
)
@click.option(
    "--artifacts",
    default="",
    metavar="URL",
    help="Where MLflow keeps files, e.g. s3://bucket/mlflow.  [default: in the folder]",
)
@click.option("--any-port", is_flag=True, help="Take free ports, not 4200, 5000, 5432 and 8000.")
def command(config: Path | None, folder: Path | None, artifacts: str, *, any_port: bool) -> None:
    """Start PostgreSQL, a Prefect server, an MLflow server and a worker on loopback, and wait.

    The deployments of prefect.yaml are made, and with CONFIG its champion is served. A second start
    finds what the first one left. The file `environment` in the folder leads other shells here.
    Ctrl-C ends all of it.

    Passwords come from the environment: POSTGRES_PASSWORD (else one is made, and kept in the
    folder), PREFECT_SERVER_API_AUTH_STRING=user:password and MLFLOW_AUTH_ADMIN_PASSWORD, without
    which the two servers ask nobody. docs/servers.md has the rest.

    \b
    Example:  onstage stack configs/demo.yaml
              source var/stack/environment && onstage doctor configs/demo.yaml
    """
    from flows.stack.passwords import Secrets
    from flows.stack.process import interrupt_once
    from flows.stack.stack import PORTS, Stack, stacked
    from onstage.settings import apply_environment, load_settings

    settings = load_settings()
    apply_environment(settings)
    place = folder or settings.home / "stack"
    ports = dict.fromkeys(PORTS, 0) if any_port else PORTS
    interrupt_once()
    try:
        stack = Stack(
            place, Secrets.of(os.environ, place), artifacts=artifacts, ports=ports,
            config="" if config is None else str(config),
        )  # fmt: skip
        with stacked(stack, serve=config is not None):
            for line in addresses(stack, served=config is not None):
                click.echo(line)
            while stack.running:
                time.sleep(1)
            message = f"a service ended by itself; see the logs in {place}"
            raise OrchestrationError(message)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def addresses(stack: "Stack", *, served: bool) -> list[str]:
    """What a person needs to know of a running stack."""
    return [
        f"Prefect      {stack.prefect_url}",
        f"MLflow       {stack.mlflow_url}",
        *([f"champion     {stack.serve_url}"] if served else []),
        f"PostgreSQL   127.0.0.1:{stack.ports['postgres']}",
        f"for shells   source {stack.write_environment()}",
        "Ctrl-C ends all of them",
    ]
