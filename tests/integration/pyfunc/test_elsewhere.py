"""A served model leaves home: another process, another folder, no checkout to import from."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from onstage.serving.bundle import Bundle
from onstage.serving.pyfunc import REQUIREMENTS


pytestmark = pytest.mark.integration

FIT_ONLY = ("implicit", "sklearn.cluster", "optuna", "prefect", "great_expectations", "duckdb")

ELSEWHERE = """
import json, sys
import mlflow.pyfunc
import pandas as pd

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in FIT_ONLY:
            raise ImportError(f"{name} is not needed to answer")

sys.meta_path.insert(0, Refuse())
before = set(sys.modules)
model = mlflow.pyfunc.load_model(sys.argv[1])
asked = pd.DataFrame({"user_id": ["user-1", "nobody"], "at": ["2024-06-02T20:30:00Z"] * 2})
lists = model.predict(asked, params={"k": 3})
import onstage
print(json.dumps({
    "rows": lists.to_dict("records"),
    "home": onstage.__file__,
    "new": sorted({m.partition(".")[0] for m in set(sys.modules) - before}),
}))
"""


def elsewhere(saved: Path, folder: Path) -> dict[str, object]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"FIT_ONLY = {FIT_ONLY!r}\n{ELSEWHERE}", str(saved)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def away(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return elsewhere(saved, tmp_path_factory.mktemp("elsewhere"))


def test_it_answers_in_another_process_and_folder_what_it_answers_here(
    away: dict[str, object], texts: Bundle
) -> None:
    expected = texts.recommend(["user-1", "nobody"], "2024-06-02T20:30:00Z", 3)
    found = pd.DataFrame(away["rows"])
    pd.testing.assert_frame_equal(found[list(expected)], expected, check_dtype=False, rtol=1e-5)
    assert found[found["user_id"] == "nobody"]["fallback"].all()


def test_it_runs_the_code_it_carries_and_not_an_installed_one(
    away: dict[str, object], saved: Path
) -> None:
    assert Path(str(away["home"])).is_relative_to(saved / "code" / "onstage")


def test_its_requirements_name_everything_it_imports(away: dict[str, object]) -> None:
    def needs(name: str) -> set[str]:
        plain = [r for r in requires(name) or [] if "extra ==" not in r]
        return {r.split(";")[0].strip(" ()").replace("_", "-").lower() for r in plain}

    allowed = {name.lower() for name in REQUIREMENTS}
    allowed |= {re.split(r"[^\w.-]", need)[0] for name in REQUIREMENTS for need in needs(name)}
    owners = packages_distributions()
    new = away["new"]
    assert isinstance(new, list)
    imported = {
        owner.replace("_", "-").lower()
        for name in new
        if name not in sys.stdlib_module_names and name != "onstage"
        for owner in owners.get(name, [])
    }
    assert imported - allowed == set()


@pytest.mark.e2e
def test_mlflow_serves_it_over_http(saved: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    scripts = Path(sys.executable).parent
    environment["PATH"] = f"{scripts}{os.pathsep}{environment['PATH']}"
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    command = [
        str(scripts / "mlflow"), "models", "serve", "-m", str(saved), "--env-manager", "local",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    log = (tmp_path / "log").open("wb")
    server = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/ping", seconds=120)
        question = {
            "dataframe_records": [{"user_id": "user-1", "at": "2024-06-02T20:30:00Z"}],
            "params": {"k": 2},
        }
        status, body = post(f"{address}/invocations", question)
        assert status == 200
        assert [row["rank"] for row in body["predictions"]] == [1, 2]
        for wrong, rule in (
            ({"k": "two"}, "Can not safely convert"),
            ({"k": 0}, "k must be at least 1, got 0"),
            ({"repeat": "never"}, "give allow, exclude or cooldown:<hours>"),
        ):
            status, body = post(f"{address}/invocations", {**question, "params": wrong})
            assert status == 400
            assert rule in str(body["message"])
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
        log.close()


def wait_for(address: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.3)
    pytest.fail(f"{address} did not answer in {seconds} s")


def post(address: str, value: object) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(  # our own server
        address, json.dumps(value).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
