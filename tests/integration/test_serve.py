"""`onstage serve` on a real registry: the alias moves, and answers follow it."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli import main
from onstage.availability.index import AvailabilityIndex
from onstage.errors import ConfigError
from onstage.models.base import Recommender
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.serving import ChampionSource, instant_of
from onstage.pipeline.workspace import Workspace
from onstage.registry.versions import Registry
from onstage.serving.bundle import save_bundle
from onstage.serving.release import release
from onstage.testing.examples import log
from onstage.testing.online import asking


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]

NAME = "onstage-served"
CONFIG = """
name: served
clock: {kind: step, step_seconds: 60}
data:
  interactions:
    path: log.csv
    columns: {user_id: user, item_id: item, timestamp: time}
"""
ROWS: list[tuple[int | str, int | str, int]] = [
    ("ann", "a", 0), ("ann", "a", 1), ("ann", "b", 1), ("bob", "b", 2), ("bob", "b", 3),
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two registered versions, 1: memory and 2: popularity; nobody is champion."""
    home = tmp_path_factory.mktemp("serve")
    (home / "served.yaml").write_text(CONFIG)
    with at_home(home):
        workspace = Workspace.open(home / "served.yaml")
        registry = registry_of(workspace)
        client = registry._client
        run = client.create_run(client.create_experiment("e", (home / "files").as_uri()))
        data = log(ROWS)
        models: list[Recommender[Any]] = [
            Memory(MemoryConfig()).fit(data), Popularity(PopularityConfig()).fit(data),
        ]  # fmt: skip
        for model in models:
            name = model.config.algorithm
            index = AvailabilityIndex.from_interactions(data)
            folder = save_bundle(model, home / name, availability=index)
            release(
                registry, NAME, run.info.run_id, folder,
                model=name, config=model.config.model_dump(mode="json"), data_digest="d",
            )  # fmt: skip
    return home


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSTAGE_HOME", str(home / "var"))
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "ONSTAGE_SERVE_TOKEN"):
            patch.delenv(name, raising=False)
        patch.chdir(home)
        yield


@pytest.fixture(autouse=True)
def registry(home: Path) -> Iterator[Registry]:
    """The registry, without a champion before and after."""
    with at_home(home):
        registry = registry_of(Workspace.open(home / "served.yaml"))
        yield registry
        registry._client.delete_registered_model_alias(NAME, "champion")


def test_answers_follow_the_alias_of_the_registry(home: Path, registry: Registry) -> None:
    source = ChampionSource(Workspace.open(home / "served.yaml"))
    with asking(source, at="now") as client:
        assert client.get("/health").json()["status"] == "no champion"
        watcher = client.app.state.watcher  # type: ignore[attr-defined]
        first = {}
        for version in ("1", "2", "1"):
            registry.promote(NAME, version)
            assert watcher.look()
            told = client.post("/recommend", json={"users": ["ann"]}).json()
            assert told["version"] == version
            first[version] = told["lists"][0]["items"][0]["item"]
    assert first == {"1": "a", "2": "b"}  # her own favourite; everybody's
    folders = sorted(path.name for path in (home / "var/datasets/served/serving").iterdir())
    assert folders == ["v1"]


def test_the_instant_is_the_configurations_unless_another_is_asked_for(home: Path) -> None:
    workspace = Workspace.open(home / "served.yaml")
    assert instant_of(workspace, None) == "last"
    assert instant_of(workspace, "17") == "17"
    asked = ["serve", str(home / "served.yaml"), "--at", "tonight"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 1
    assert result.stderr.startswith("onstage: --at tonight: time 'tonight': this log counts steps")
    own = home / "tonight.yaml"
    own.write_text(f"{CONFIG}recommend: {{at: tonight}}\n")
    with pytest.raises(ConfigError, match=r"^recommend\.at tonight: time 'tonight'"):
        instant_of(Workspace.open(own), None)


@pytest.mark.parametrize(
    ("words", "environment", "rule"),
    [
        (["--host", "0.0.0.0"], {}, "set ONSTAGE_SERVE_TOKEN, or leave --host out"),  # noqa: S104
        ([], {"ONSTAGE_SERVE_TOKEN": "short"}, "at least 16 printable ASCII"),
        (["--host", "no.such.host.invalid"], {"ONSTAGE_SERVE_TOKEN": "x" * 16}, "choose another"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    home: Path, words: list[str], environment: dict[str, str], rule: str
) -> None:
    asked = ["serve", str(home / "served.yaml"), *words]
    result = CliRunner(env=environment).invoke(main, asked)
    assert result.exit_code == 1
    assert rule in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.e2e
def test_a_process_answers_swaps_under_load_keeps_posts_and_ends_in_order(
    home: Path, registry: Registry
) -> None:
    registry.promote(NAME, "1")
    with serving(home, "--keep", "--poll", "0.2") as address:
        wait_for(address, "1")
        assert favourite(address, "bob") == "b"
        rows = {"interactions": [{"user": "bob", "item": "a", "at": 9}] * 3}
        assert ask(f"{address}/interactions", rows)[1]["counted"]
        assert favourite(address, "bob") == "a"
        registry.promote(NAME, "2")
        seen, end = [], time.monotonic() + 30
        while time.monotonic() < end and (not seen or seen[-1][1] != "2"):
            status, told = ask(f"{address}/recommend", {"users": ["bob"]})
            seen.append((status, told.get("version")))
        assert {status for status, _ in seen} == {200}
        assert (seen[0][1], seen[-1][1]) == ("1", "2")
        registry.promote(NAME, "1")
        wait_for(address, "1")
    with serving(home, "--keep") as address:
        wait_for(address, "1")
        assert favourite(address, "bob") == "a"


@contextmanager
def serving(home: Path, *words: str) -> Iterator[str]:
    """Address of a service in a process of its own."""
    command = [
        str(Path(sys.executable).parent / "onstage"), "serve", str(home / "served.yaml"),
        "--port", "0", *words,
    ]  # fmt: skip
    with (home / "log").open("wb") as log_file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log_file, cwd=home)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().strip()
            assert address.startswith("http://127.0.0.1:"), (home / "log").read_text()
            yield address
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]
    lines = [line for line in (home / "log").read_text().splitlines() if line.startswith("{")]
    assert all(json.loads(line)["level"] != "error" for line in lines)
    assert any(json.loads(line).get("path") == "/health" for line in lines)


def ask(address: str, body: object | None = None) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def favourite(address: str, user: str) -> Any:
    status, told = ask(f"{address}/recommend", {"users": [user], "at": 20})
    assert status == 200, told
    return told["lists"][0]["items"][0]["item"]


def wait_for(address: str, version: str) -> None:
    end = time.monotonic() + 60
    while ask(f"{address}/health")[1].get("version") != version:
        assert time.monotonic() < end
        time.sleep(0.1)
