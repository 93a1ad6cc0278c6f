"""What a retrain talks to: MLflow, the database of studies, the sources, the store."""

from importlib.metadata import version

from onstage.config import PipelineConfig
from onstage.data.remote import remote_of
from onstage.data.sources.ingest import reachable
from onstage.errors import TrackingError
from onstage.pipeline.checkup.clocks import clock
from onstage.pipeline.checkup.databases import FIRST_USE, database, same_place
from onstage.pipeline.checkup.finding import Finding
from onstage.settings import MlflowSettings, Settings
from onstage.tracking.client import connect, translated
from onstage.tracking.endpoint import Endpoint, is_http, masked, refusal
from onstage.tracking.greeting import ask, credentials


TRACKING = "MLFLOW_TRACKING_URI or tracking_uri in mlflow.yaml"


def tracking(mlflow: MlflowSettings, settings: Settings) -> list[Finding]:
    """Look at the tracking server or its database, and at the registry.

    Raises
    ------
    onstage.errors.TrackingError
        If it does not answer, or does not take the credentials.
    """
    endpoint = Endpoint.resolve(mlflow, settings)
    uri = endpoint.tracking_uri
    found = _server(uri) if is_http(uri) else database("tracking", "mlflow", uri)
    if any(one.state == "failed" or one.value.endswith(FIRST_USE) for one in found):
        return found
    client = connect(endpoint)
    if is_http(uri):
        found.append(Finding.ok("tracking access", "experiments can be read"))
    with translated(endpoint):
        models = client.search_registered_models(max_results=100)
    mine = [one.name for one in models if one.name.startswith(mlflow.registered_model)]
    value = f"{len(mine)} models called {mlflow.registered_model}-…"
    return [*found, Finding.ok("registry", value)]


def _server(uri: str) -> list[Finding]:
    answer = ask(uri, "/version", headers=credentials(uri))
    if answer.refused:
        raise TrackingError(refusal(uri, answer.status))
    theirs, ours = answer.text.strip(), version("mlflow")
    shown, rule = f"{masked(uri)}, version {theirs}", f"version {ours}, as here"
    if answer.status != 200:  # noqa: PLR2004  # HTTP's
        remedy = f"see what answers there, and {TRACKING}"
        return [Finding.failed("tracking", f"{masked(uri)}: HTTP {answer.status}", rule, remedy)]
    if theirs.split(".")[:2] == ours.split(".")[:2]:
        return [Finding.ok("tracking", shown, rule), *clock("tracking", answer.ahead_seconds)]
    remedy = "give server and client the same version"
    first = Finding.warning("tracking", shown, rule, remedy)
    return [first, *clock("tracking", answer.ahead_seconds)]


def studies(url: str | None, tracking_uri: str) -> list[Finding]:
    """Look at the database of studies.

    Raises
    ------
    onstage.errors.TrackingError
        If it does not answer.
    """
    if url is None:
        return [Finding.ok("studies", "a journal file in each study's folder")]
    if not is_http(tracking_uri) and same_place(url, tracking_uri):
        rule = "a database of its own: both keep their revision in one table"
        remedy = "create another database, and name it in ONSTAGE_OPTUNA_STORAGE"
        return [Finding.failed("studies", f"{masked(url)} is MLflow's too", rule, remedy)]
    return database("studies", "optuna", url)


def store(settings: Settings) -> list[Finding]:
    """Look at the remote of the store: a small file is written, read and removed.

    Raises
    ------
    onstage.errors.ConfigError
        If one of these does not work.
    """
    remote = remote_of(settings)
    if remote is None:
        return [Finding.ok("store", f"{settings.store}, on this machine only")]
    remote.probe()
    return [Finding.ok("store", f"{settings.store}, published at {remote.shown}")]


def sources(config: PipelineConfig) -> list[Finding]:
    """Look whether the sources of a configuration are there; nothing is read.

    Raises
    ------
    onstage.errors.SourceError
        If one is not.
    """
    return [Finding.ok(f"source {name}", place) for name, place in reachable(config.data).items()]
