"""`onstage doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.options import answer, json_option


if TYPE_CHECKING:
    from onstage.config import PipelineConfig
    from onstage.pipeline.checkup.finding import Finding
    from onstage.settings import MlflowSettings, Settings


@click.command(name="doctor")
@click.argument(
    "config", type=click.Path(path_type=Path, dir_okay=False), metavar="[CONFIG]", required=False
)
@json_option
@click.pass_context
def command(context: click.Context, config: Path | None, *, as_json: bool) -> None:
    """Look at everything a retrain needs, one line each, and say what to do.

    Versions, this machine, the Prefect server with its workers and deployments, MLflow and its
    registry, the database of studies, the store; with CONFIG also that file and its sources.
    Each line is ok, a warning or failed, with what was found, what it should be, and the remedy.
    Nothing is changed; passwords are not shown; what does not answer is given up after seconds.
    Exit status 1 if something failed.

    \b
    Example:  onstage doctor configs/demo.yaml
    """
    found = _examine(config)
    count = {state: sum(one.state == state for one in found) for state in ("failed", "warning")}
    lines = [one.line for one in found]
    total = f"{len(found)} looked at: {count['failed']} failed, {count['warning']} warnings"
    answer([one.model_dump() for one in found], "\n".join([*lines, total]), as_json=as_json)
    context.exit(1 if count["failed"] else 0)


def _examine(path: Path | None) -> "list[Finding]":
    import importlib

    from onstage.config import load_config
    from onstage.errors import ConfigError
    from onstage.pipeline.checkup.finding import Finding
    from onstage.pipeline.checkup.machine import machine
    from onstage.pipeline.checkup.packages import packages
    from onstage.settings import apply_environment, load_mlflow_settings, load_settings

    settings = load_settings()
    found = packages()
    if any(one.name in {"fastapi", "prefect"} and one.state == "failed" for one in found):
        return found  # nothing that talks to Prefect can be trusted, or even imported
    apply_environment(settings)
    found += machine(settings)
    mlflow = load_mlflow_settings()
    config: PipelineConfig | None = None
    if path is not None:
        try:
            config = load_config(path)
        except ConfigError as error:
            found.append(Finding(name="configuration", state="failed", value=str(error)))
        else:
            found.append(Finding.ok("configuration", f"{path} is valid"))
    for heavy in ("prefect", "mlflow", "sqlalchemy"):  # before anything is timed
        importlib.import_module(heavy)
    return [*found, *_outside(settings, mlflow, config)]


def _outside(
    settings: "Settings", mlflow: "MlflowSettings", config: "PipelineConfig | None"
) -> "list[Finding]":
    from flows.checkup import orchestration, runner
    from onstage.pipeline.checkup import outside
    from onstage.pipeline.checkup.finding import looked
    from onstage.tracking.endpoint import Endpoint

    uri = Endpoint.resolve(mlflow, settings).tracking_uri
    url = settings.optuna_storage.get_secret_value() if settings.optuna_storage else None
    found = looked("prefect server", orchestration)
    found += looked("tracking", lambda: outside.tracking(mlflow, settings))
    found += looked("studies", lambda: outside.studies(url or None, uri))
    found += looked("store", lambda: outside.store(settings))
    if config is not None:
        found += looked("sources", lambda: outside.sources(config))
        found += looked("runner", lambda: runner(config))
    return found
