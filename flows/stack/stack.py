"""All services together, in one folder, on loopback, as `onstage stack` and tests start them."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from flows.port import LOOPBACK, free_port
from flows.stack.passwords import Secrets, kept
from flows.stack.postgres import Postgres
from flows.stack.process import Process, healthy, program
from flows.stack.services import DATABASES, POOL, Service, services
from onstage.errors import ConfigError, OrchestrationError, TrackingError
from onstage.settings import ENVIRONMENT, load_settings
from onstage.tracking.greeting import ask, basic


PORTS: Final = {"prefect": 4200, "mlflow": 5000, "serve": 8000, "postgres": 5432}
ADMIN: Final = "admin"
HERE: Final = Path("prefect.yaml")
COMMAND_SECONDS: Final = 300
ANSWER_SECONDS: Final = 30.0
"""In which the Prefect server must answer: it is ours, and may be busy."""
_OURS: Final = (
    "PREFECT_", "MLFLOW_AUTH_", "MLFLOW_BACKEND_", "MLFLOW_FLASK_", "MLFLOW_REGISTRY_",
    "MLFLOW_TRACKING_",
)  # fmt: skip
"""Variables of whoever starts the stack that must not reach it."""


class Stack:
    """PostgreSQL, a Prefect server, an MLflow server, a worker; deployments of ``prefect.yaml``.

    Attributes
    ----------
    client
        Environment of whoever runs flows on it, passwords included.
    processes
        By name: ``prefect``, ``mlflow``, ``worker``, ``serve``.
    """

    def __init__(
        self, folder: Path, secrets_: Secrets, *, artifacts: str = "", durable: bool = True,
        ports: Mapping[str, int] | None = None, config: str = "",
    ) -> None:  # fmt: skip
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = {name: free_port(port) for name, port in {**PORTS, **(ports or {})}.items()}
        self.processes: dict[str, Process] = {}
        self._secrets = secrets_
        self._base = _base()
        self.postgres = Postgres(
            self.folder / "postgres", port=self.ports["postgres"],
            password=secrets_.postgres, durable=durable,
        )  # fmt: skip
        artifacts = artifacts or (self.folder / "artifacts").as_uri()
        self._services = services(
            host=LOOPBACK, ports=self.ports, artifacts=artifacts, auth=secrets_.mlflow is not None,
            config=config,
        )  # fmt: skip
        self.client = {**self._base, **self._client()}

    @property
    def prefect_url(self) -> str:
        """Address of Prefect's pages; its API is below ``/api``."""
        return f"http://{LOOPBACK}:{self.ports['prefect']}"

    @property
    def mlflow_url(self) -> str:
        """Address of MLflow's pages and its API."""
        return f"http://{LOOPBACK}:{self.ports['mlflow']}"

    @property
    def serve_url(self) -> str:
        """Address of the champion's service."""
        return f"http://{LOOPBACK}:{self.ports['serve']}"

    @property
    def running(self) -> bool:
        """Whether nothing that was started has ended by itself, PostgreSQL included."""
        return self.postgres.running and all(one.running for one in self.processes.values())

    def start(self, *names: str) -> None:
        """Start services and wait until each answers.

        Raises
        ------
        OrchestrationError
            If one ends, or does not answer in time.
        """
        for name in names:
            self.processes[name] = self._run(name, self._services[name])
        ready = {
            "prefect": healthy(self.prefect_url, "/api/health"),
            "mlflow": healthy(self.mlflow_url, "/health"),
            "worker": self._has_a_worker,
            "serve": healthy(self.serve_url, "/openapi.json"),
        }
        for name in names:
            self.processes[name].wait_until(ready[name])

    def stop(self, *names: str) -> None:
        """End services, the last started first; all of them, and PostgreSQL, without names."""
        for name in reversed([n for n in self.processes if not names or n in names]):
            self.processes.pop(name).stop()
        if not names:
            self.postgres.stop()

    def deploy(self) -> None:
        """Make the deployments of ``prefect.yaml``, which the worker's pool must be there for.

        Raises
        ------
        OrchestrationError
            If Prefect refuses.
        """
        self.run("prefect", "--no-prompt", "deploy", "--all")

    def run(self, command: str, *words: str) -> str:
        """What a command of ours says that is given the client's environment.

        Raises
        ------
        OrchestrationError
            If it fails, or takes longer than five minutes.
        """
        try:
            done = subprocess.run(  # noqa: S603  # our own words, no shell
                [program(command), *words], env=self.client, capture_output=True, text=True,
                check=False, timeout=COMMAND_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            message = f"{command}: no end within {COMMAND_SECONDS} s; see the logs in {self.folder}"
            raise OrchestrationError(message) from error
        if done.returncode:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            message = f"{command} {words[0]}: {' '.join(last)}; see the logs in {self.folder}"
            raise OrchestrationError(message)
        return done.stdout

    def write_environment(self) -> Path:
        """A file for the shell, readable by its owner only: ``source`` it to run flows here."""
        path = self.folder / "environment"
        path.touch(mode=0o600)
        path.chmod(0o600)  # also one that was there
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self._client().items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _run(self, name: str, service: Service) -> Process:
        command, *rest = service.words
        secret = {**self._base, **self._server(name)}
        environment = secret if name in {"prefect", "mlflow"} else self.client
        log = self.folder / f"{name}.log"
        return Process(name, [program(command), *rest], environment, log)

    def _server(self, name: str) -> dict[str, str]:
        """What the environment of a server says."""
        if name == "prefect":
            named = {
                "PREFECT_SERVER_DATABASE_CONNECTION_URL": self.postgres.url("prefect", "asyncpg"),
                "PREFECT_UI_API_URL": f"{self.prefect_url}/api",
                "PREFECT_HOME": str(self.folder / "prefect-server"),
            }
            auth = self._secrets.prefect
            return {**named, **({"PREFECT_SERVER_API_AUTH_STRING": auth} if auth else {})}
        if name == "mlflow":
            named = {"MLFLOW_BACKEND_STORE_URI": self.postgres.url("mlflow")}
            return {**named, **self._mlflow_auth()}
        return {}

    def _mlflow_auth(self) -> dict[str, str]:
        password = self._secrets.mlflow
        if password is None:
            return {}
        database = self.folder / "mlflow-users.db"
        database.touch(mode=0o600)  # it holds hashes of passwords
        users = self.folder / "mlflow-users.ini"
        users.write_text(
            "[mlflow]\ndefault_permission = NO_PERMISSIONS\nauth_cache_ttl_seconds = 60\n"
            f"database_uri = sqlite:///{database}\n",
            encoding="utf-8",
        )
        return {
            "MLFLOW_FLASK_SERVER_SECRET_KEY": kept(self.folder / "mlflow-secret-key"),
            "MLFLOW_AUTH_CONFIG_PATH": str(users),
            "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN,
            "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        }

    def _client(self) -> dict[str, str]:
        known = {
            "PREFECT_API_URL": f"{self.prefect_url}/api",
            "PREFECT_HOME": str(self.folder / "prefect-client"),
            "MLFLOW_TRACKING_URI": self.mlflow_url,
            "ONSTAGE_HOME": str(load_settings().home.resolve()),
            "ONSTAGE_OPTUNA_STORAGE": self.postgres.url("studies"),
        }
        if remote := os.environ.get("ONSTAGE_STORE_REMOTE"):
            known["ONSTAGE_STORE_REMOTE"] = remote
        if self._secrets.prefect is not None:
            known["PREFECT_API_AUTH_STRING"] = self._secrets.prefect
        if self._secrets.mlflow is not None:
            known["MLFLOW_TRACKING_USERNAME"] = ADMIN
            known["MLFLOW_TRACKING_PASSWORD"] = self._secrets.mlflow
        return known

    def _has_a_worker(self) -> bool:
        try:
            found = self.ask_prefect(f"/work_pools/{POOL}/workers/filter", {})
        except TrackingError:  # not now
            return False
        return isinstance(found, list) and any(one["status"] == "ONLINE" for one in found)

    def order(self, deployment: str, **parameters: object) -> str:
        """Ask for a run of a deployment now; its id.

        Parameters
        ----------
        deployment
            ``flow/name``.
        parameters
            Of the flow, instead of the deployment's own.
        """
        found = self.ask_prefect(f"/deployments/name/{deployment}")
        wish = {"parameters": {**found["parameters"], **parameters}, "state": {"type": "SCHEDULED"}}
        return str(self.ask_prefect(f"/deployments/{found['id']}/create_flow_run", wish)["id"])

    def point(self, deployment: str, **parameters: object) -> None:
        """Change what a deployment's scheduled runs are given."""
        found = self.ask_prefect(f"/deployments/name/{deployment}")
        change = {"parameters": {**found["parameters"], **parameters}}
        self.ask_prefect(f"/deployments/{found['id']}", change, method="PATCH")

    def ask_prefect(self, path: str, question: object = None, method: str | None = None) -> Any:  # noqa: ANN401  # JSON
        """Ask the Prefect server, as our clients do; None where it has nothing to say."""
        user, _, password = (self._secrets.prefect or "").partition(":")
        headers = basic(user, password) if user else {}
        answer = ask(
            f"{self.prefect_url}/api", path, question=question, headers=headers, method=method,
            seconds=ANSWER_SECONDS,
        )  # fmt: skip
        return answer.json() if answer.text else None


@contextmanager
def stacked(stack: Stack, *, worker: bool = True, serve: bool = False) -> Iterator[Stack]:
    """Start everything in order, and end it with the block.

    Raises
    ------
    ConfigError
        If there is no ``prefect.yaml`` here to deploy from.
    OrchestrationError
        If a service does not start.
    """
    if worker and not HERE.exists():
        message = f"no {HERE} here; start the stack in a clone of the project"
        raise ConfigError(message)
    with ExitStack() as stop:
        stop.callback(stack.stop)
        stack.postgres.start()
        stack.postgres.create(DATABASES)
        stack.start("prefect", "mlflow")
        if worker:
            stack.start("worker")
            stack.deploy()
        if serve:
            stack.start("serve")
        yield stack


def _base() -> dict[str, str]:
    """The environment of this process, without what would lead servers elsewhere, and our quiet."""
    mine = {n: v for n, v in os.environ.items() if not n.startswith(_OURS)}
    return {**ENVIRONMENT, **mine}
