"""A registry in a real MLflow database in a temporary folder."""

from itertools import count
from pathlib import Path

import pytest
from mlflow import MlflowClient

from onstage.registry.audit import Audit
from onstage.registry.versions import Registry
from onstage.tracking.endpoint import Endpoint


NAMES = (f"onstage-test-{number}" for number in count())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def registry(home: Path) -> Registry:
    uri = f"sqlite:///{home / 'mlflow.db'}"
    return Registry(Endpoint(uri, uri, (home / "artifacts").as_uri()))


@pytest.fixture(scope="module")
def client(registry: Registry) -> MlflowClient:
    return MlflowClient(registry.endpoint.tracking_uri)


@pytest.fixture(scope="module")
def run_id(registry: Registry, client: MlflowClient) -> str:
    experiment = client.create_experiment(
        "registry", artifact_location=registry.endpoint.artifact_location
    )
    return str(client.create_run(experiment).info.run_id)


@pytest.fixture
def name() -> str:
    return next(NAMES)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "audit.jsonl")
