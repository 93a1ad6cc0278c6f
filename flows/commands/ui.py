"""`onstage ui`."""

import os
import time
from contextlib import ExitStack

import click

from onstage.errors import ConfigError, OrchestrationError


@click.command(name="ui")
@click.option("--prefect-port", default=4200, show_default=True, help="0: any free port.")
@click.option("--mlflow-port", default=5000, show_default=True, help="0: any free port.")
def command(prefect_port: int, mlflow_port: int) -> None:
    """Start the Prefect server and the MLflow UI on loopback, print their addresses, and wait.

    Both show what local runs left in ONSTAGE_HOME. A taken port is replaced by a free one.
    Ctrl-C stops both.
    """
    from flows.port import LOOPBACK, free_port
    from flows.stack.process import Process, healthy, interrupt_once, program
    from onstage.settings import apply_environment, load_mlflow_settings, load_settings
    from onstage.tracking.endpoint import Endpoint, is_http, masked

    settings = load_settings()
    apply_environment(settings)
    prefect_at, mlflow_at = free_port(prefect_port), free_port(mlflow_port)
    prefect_url, mlflow_url = (f"http://{LOOPBACK}:{port}" for port in (prefect_at, mlflow_at))
    uri = Endpoint.resolve(load_mlflow_settings(), settings).tracking_uri
    if is_http(uri):
        message = (
            f"tracking URI {masked(uri)} is a server already: open it in a browser, or unset "
            "MLFLOW_TRACKING_URI (tracking_uri in mlflow.yaml) to look at local runs"
        )
        raise ConfigError(message)
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    listening = ["--host", LOOPBACK, "--port"]
    prefect = [program("prefect"), "server", "start", *listening, str(prefect_at)]
    mlflow = [program("mlflow"), "server", *listening, str(mlflow_at)]
    mlflow += ["--artifacts-destination", str((settings.home / "artifacts").resolve())]
    environment = {
        **os.environ,
        "PREFECT_UI_API_URL": f"{prefect_url}/api",
        "MLFLOW_BACKEND_STORE_URI": uri,  # not an argument: it may hold a password
    }
    started: list[Process] = []
    interrupt_once()
    try:
        with ExitStack() as stop:
            for name, words in (("prefect", prefect), ("mlflow", mlflow)):
                started.append(Process(name, words, environment, logs / f"{name}.log"))
                stop.callback(started[-1].stop)
            started[0].wait_until(healthy(prefect_url, "/api/health"))
            started[1].wait_until(healthy(mlflow_url, "/health"))
            click.echo(f"Prefect UI   {prefect_url}")
            click.echo(f"MLflow UI    {mlflow_url}")
            click.echo(f"for workers  export PREFECT_API_URL={prefect_url}/api")
            click.echo("Ctrl-C stops both")
            while all(process.running for process in started):
                time.sleep(1)
            message = f"a server stopped by itself; see {logs}"
            raise OrchestrationError(message)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
