"""`onstage demo-production`."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.commands.options import answer, json_option
from onstage.errors import OrchestrationError


if TYPE_CHECKING:
    from flows.stack.stack import Stack
    from onstage.pipeline.rehearsal import Stage
    from onstage.reporting.timeline import Night


@click.command(name="demo-production")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default="production")
@click.option("--days", type=click.IntRange(min=5), default=14, show_default=True, help="Nights.")
@click.option(
    "--users", type=click.IntRange(min=300), default=1_600, show_default=True, help="Viewers."
)
@click.option("--once", is_flag=True, help="End when all is told; else servers run until Ctrl-C.")
@json_option
def command(folder: Path, days: int, users: int, *, once: bool, as_json: bool) -> None:
    """Play two weeks of production on real servers: the tour of operations.

    Starts PostgreSQL, a Prefect server, MLflow and a worker on loopback, all in FOLDER. A simulated
    platform's log arrives day by day, with a broken file, a late one, a change of habits and a
    rollback; each night the deployment retrain/nightly is run by the worker. From the first
    champion on `onstage serve` answers a client that never stops asking; failed requests are
    counted. Then `onstage status` and the addresses of the pages are printed.

    \b
    Example:  onstage demo-production
    """
    home = (folder / "home").resolve()
    os.environ["ONSTAGE_HOME"] = str(home)
    from flows.stack.passwords import Secrets
    from flows.stack.process import interrupt_once
    from flows.stack.stack import PORTS, Stack, stacked
    from onstage.pipeline.rehearsal import Plan, Stage
    from onstage.settings import apply_environment, load_settings

    apply_environment(load_settings())
    interrupt_once()
    stage = Stage(folder, Plan.of(days), name="production", users=users)
    config = stage.write_config()
    place = folder / "stack"
    secrets = Secrets.of({}, place)  # loopback: the pages ask nobody
    stack = Stack(place, secrets, ports=dict.fromkeys(PORTS, 0), config=str(config))
    try:
        with stacked(stack):
            value, text = _played(stack, stage)
            answer(value, text, as_json=as_json)
            if failed := value["failed"]:
                message = f"{failed[0]}; of all requests to the champion none may fail"
                raise OrchestrationError(message)
            while not once:
                time.sleep(1)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _played(stack: "Stack", stage: "Stage") -> tuple[dict[str, Any], str]:
    """All nights, for a program and for a person."""
    from flows.stack.production import played
    from onstage.reporting.timeline import nights_text, sentence

    def say(night: "Night") -> None:
        click.echo(f"night {night.number}: {night.decision}: {night.reason}", err=True)

    os.environ.update(stack.client)
    for line in (f"Prefect {stack.prefect_url}", f"MLflow {stack.mlflow_url}"):
        click.echo(f"to look on: {line}", err=True)
    stack.point("retrain/nightly", config=str(stage.config))
    nights, client = played(stack, stage, say)
    pages = _pages(stack, stage, nights)
    total, failed = client.answered.total(), len(client.failed)
    versions = ", ".join(f"v{name} {number:,}" for name, number in client.answered.items())
    lines = [
        nights_text(nights),
        sentence(nights),
        f"Served meanwhile: {total:,} requests answered ({versions}), {failed} failed.",
        "",
        stack.run("onstage", "status", str(stage.config)),
        *(f"{name:<10} {address}" for name, address in pages.items()),
        f"shells     source {stack.write_environment()}",
    ]
    value: dict[str, Any] = {
        "nights": [night.model_dump(mode="json") for night in nights],
        "answered": dict(client.answered),
        "failed": client.failed,
        "pages": pages,
    }
    return value, "\n".join(lines)


def _pages(stack: "Stack", stage: "Stage", nights: "list[Night]") -> dict[str, str]:
    """What there is to look at; that of all nights is drawn here."""
    from onstage.pipeline.outcome import recall
    from onstage.pipeline.runs import tracker_of
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.timeline import render_timeline

    workspace = Workspace.open(stage.config)
    experiment = tracker_of(workspace).experiment(workspace.experiment)
    title = f"{stage.name}: {len(nights)} nights on PostgreSQL, Prefect and MLflow"
    metric = workspace.mlflow.promotion.metric
    return {
        "Prefect": f"{stack.prefect_url}/runs",
        "MLflow": f"{stack.mlflow_url}/#/experiments/{experiment}/runs",
        "champion": stack.serve_url,
        "nights": str(render_timeline(nights, title, metric, stage.folder)),
        "report": recall(workspace).page,
    }
