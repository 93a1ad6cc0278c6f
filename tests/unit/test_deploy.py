"""The compose file says what `onstage stack` does: the same services, commands and variables.

Docker itself is not asked: the file is read as YAML.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.stack.services import DATABASES, Service, services
from onstage.settings import ENVIRONMENT


ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
SAME: dict[str, Service] = services(
    host="0.0.0.0",  # noqa: S104  # inside a container
    ports={"prefect": 4200, "mlflow": 5000, "serve": 8000},
    artifacts="/var/lib/mlflow/artifacts",
    auth=True,
    config="${ONSTAGE_CONFIG:-configs/demo.yaml}",
)
CONTAINERS_ONLY = {"MLFLOW_SERVER_ALLOWED_HOSTS"}
"""Between containers a server has another name than the machine's."""


def test_the_services_are_those_of_the_stack() -> None:
    assert set(COMPOSE) == {"postgres", "deploy", *SAME}


@pytest.mark.parametrize("name", SAME)
def test_a_service_has_the_same_command_and_variables(name: str) -> None:
    assert tuple(COMPOSE[name]["command"]) == SAME[name].words
    told = set(COMPOSE[name]["environment"])
    wanted = set(SAME[name].environment)
    assert wanted <= told
    assert told - wanted <= {*ENVIRONMENT, *CONTAINERS_ONLY}


def test_every_port_is_on_loopback() -> None:
    ports = [port for one in COMPOSE.values() for port in one.get("ports", ())]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_secret_comes_from_the_environment_and_is_listed() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for one in COMPOSE.values():
        for name, value in one["environment"].items():
            if re.search(r"PASSWORD|SECRET|AUTH_STRING|TOKEN", name):
                assert value.startswith("${")
            for given in re.findall(r"://\w+:([^@]*)@", str(value)):
                assert given == "${POSTGRES_PASSWORD}"
    named = set(re.findall(r"\$\{(\w+)", text))
    listed = set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE))
    assert named - listed == {"ONSTAGE_STORE_REMOTE"}  # optional
    secrets = re.findall(
        r"^\w*(?:PASS|SECRET|AUTH|TOKEN)\w*=(.*)$",
        (DEPLOY / "example.env").read_text(),
        re.MULTILINE,
    )
    assert secrets == [""] * 5


def test_the_file_of_passwords_is_neither_committed_nor_sent_to_a_builder() -> None:
    for file in (".gitignore", ".dockerignore"):
        assert "deploy/.env" in (ROOT / file).read_text().splitlines()


def test_each_keeper_of_revisions_has_a_database() -> None:
    made = re.findall(r"CREATE DATABASE (\w+)", (DEPLOY / "databases.sql").read_text())
    assert tuple(made) == DATABASES


def test_the_image_has_every_package_and_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    image = (DEPLOY / "Dockerfile").read_text()
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in image
    (extras,) = re.findall(r"'\.\[(.*)\]'", image)
    assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])
    for file in re.findall(r"^COPY (.*) \S+$", image, re.MULTILINE):
        assert all((ROOT / one).exists() for one in file.split())
