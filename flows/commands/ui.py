"""`onstage ui`."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import click

from onstage.errors import ConfigError, OrchestrationError


def _free(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = f"no free port near {wanted} on 127.0.0.1"
    raise OrchestrationError(message)


def _wait(url: str, process: subprocess.Popen[bytes], name: str) -> None:
    for _ in range(240):
        if process.poll() is not None:
            message = (
                f"{name} stopped with status {process.returncode}; see its log in ONSTAGE_HOME"
            )
            raise OrchestrationError(message)
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  # our own loopback address
                return
        except OSError:
            time.sleep(0.5)
    message = f"{name} did not answer at {url} within two minutes"
    raise OrchestrationError(message)


@click.command(name="ui")
@click.option("--prefect-port", default=4200, show_default=True, help="0: any free port.")
@click.option("--mlflow-port", default=5000, show_default=True, help="0: any free port.")
def command(prefect_port: int, mlflow_port: int) -> None:
    """Start the Prefect server and the MLflow UI on loopback, print their addresses, and wait.

    Both show what local runs left in ONSTAGE_HOME. A taken port is replaced by a free one.
    Ctrl-C stops both.
    """
    from onstage.settings import apply_environment, load_mlflow_settings, load_settings
    from onstage.tracking.endpoint import Endpoint, is_http, masked

    settings = load_settings()
    apply_environment(settings)
    bin_folder = os.path.dirname(sys.executable)  # noqa: PTH120  # next to this interpreter
    prefect_at, mlflow_at = _free(prefect_port), _free(mlflow_port)
    uri = Endpoint.resolve(load_mlflow_settings(), settings).tracking_uri
    if is_http(uri):
        message = (
            f"tracking URI {masked(uri)} is a server already: open it in a browser, or unset "
            "MLFLOW_TRACKING_URI (tracking_uri in mlflow.yaml) to look at local runs"
        )
        raise ConfigError(message)
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    prefect = [f"{bin_folder}/prefect", "server", "start", "--host", "127.0.0.1"]
    prefect += ["--port", str(prefect_at)]
    mlflow = [f"{bin_folder}/mlflow", "server", "--host", "127.0.0.1", "--port", str(mlflow_at)]
    mlflow += ["--artifacts-destination", str((settings.home / "artifacts").resolve())]
    environment = {
        **os.environ,
        "PREFECT_UI_API_URL": f"http://127.0.0.1:{prefect_at}/api",
        "MLFLOW_BACKEND_STORE_URI": uri,  # not an argument: it may hold a password
    }
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    started: list[subprocess.Popen[bytes]] = []
    try:
        for name, words in (("prefect", prefect), ("mlflow", mlflow)):
            with (logs / f"{name}.log").open("ab") as log:
                started.append(
                    subprocess.Popen(  # noqa: S603  # our own words, no shell
                        words, env=environment, stdout=log, stderr=log, start_new_session=True
                    )
                )
        _wait(f"http://127.0.0.1:{prefect_at}/api/health", started[0], "Prefect")
        _wait(f"http://127.0.0.1:{mlflow_at}/health", started[1], "MLflow")
        click.echo(f"Prefect UI   http://127.0.0.1:{prefect_at}")
        click.echo(f"MLflow UI    http://127.0.0.1:{mlflow_at}")
        click.echo(f"for workers  export PREFECT_API_URL=http://127.0.0.1:{prefect_at}/api")
        click.echo("Ctrl-C stops both")
        while all(process.poll() is None for process in started):
            time.sleep(1)
        message = f"a server stopped by itself; see {logs}"
        raise OrchestrationError(message)
    except KeyboardInterrupt:
        click.echo("stopping", err=True)
    finally:
        _end(started)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    """Stop the servers and whatever they started."""
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    for process in started:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
