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
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import Model

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, StoreError
from onstage.models.als import Als, AlsConfig
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.models.sequence.config import LstmConfig, SasrecConfig
from onstage.registry.audit import Audit
from onstage.registry.enact import enact
from onstage.registry.promotion import decide
from onstage.registry.versions import Registry
from onstage.serving.bundle import Bundle, load_bundle, save_bundle
from onstage.serving.pyfunc import REQUIREMENTS, answer, parse_repeat, requirements, save_pyfunc
from onstage.serving.release import load_champion, release
from onstage.settings import Promotion
from onstage.testing.examples import crowd
from onstage.tracking.endpoint import Endpoint


pytestmark = pytest.mark.integration

FIT_ONLY = ("implicit", "sklearn.cluster", "optuna", "prefect", "great_expectations", "duckdb")


def bundle_of(*, text: bool) -> Bundle:
    """30 users and 12 items; items 0 to 5 are live from 20 to 21 h (or in step 200)."""
    rng = np.random.default_rng(7)
    rows = 400
    users, items = rng.integers(30, size=rows), rng.integers(12, size=rows) ** 2 % 12
    table = pd.DataFrame({Columns.USER: users, Columns.ITEM: items, Columns.TIME: range(rows)})
    clock = Clock(kind="step", step_seconds=600)
    start, end = 500, 506
    if text:
        table[Columns.USER] = "user-" + table[Columns.USER].astype(str)
        table[Columns.ITEM] = "ch/" + table[Columns.ITEM].astype(str)
        clock, day = Clock(), pd.Timestamp("2024-06-01T00:00:00Z")
        table[Columns.TIME] = day + pd.to_timedelta(range(rows), unit="min")
        start, end = clock.parse("2024-06-02T20:00:00Z"), clock.parse("2024-06-02T21:00:00Z")
    data = Dataset.from_interactions(table, clock=clock)
    model = Als(AlsConfig(factors=4, iterations=3)).fit(data)
    live = np.arange(min(6, data.n_items))
    index = AvailabilityIndex.merged(
        data.n_items, live, np.full(len(live), start), np.full(len(live), end)
    )
    return Bundle(model, index, RepeatPolicy())


@pytest.fixture(scope="module")
def texts() -> Bundle:
    return bundle_of(text=True)


@pytest.fixture(scope="module")
def steps() -> Bundle:
    return bundle_of(text=False)


@pytest.fixture(scope="module")
def saved(texts: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The MLflow model of the bundle with text identifiers, without anything around it."""
    folder = tmp_path_factory.mktemp("pyfunc")
    bundle = save_bundle(texts.model, folder / "bundle", availability=texts.availability)
    return save_pyfunc(bundle, folder / "model")


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


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: pip install 'onstage[deep]'")
def test_what_reads_sequences_needs_torch_of_a_version_that_the_index_knows() -> None:
    def wanted(config: RecommenderConfig) -> list[str]:
        return [line for line in requirements(config) if line.startswith("torch")]

    for config in (LstmConfig(), RankerConfig(sequence=SasrecConfig())):
        (line,) = wanted(config)
        assert re.fullmatch(r"torch==\d+\.\d+\.\d+", line)  # not 2.13.0+cpu
    assert wanted(RankerConfig()) == []


def test_a_ranker_needs_lightgbm_and_answers_from_a_log_with_ends(tmp_path: Path) -> None:
    data = crowd(0)
    index = AvailabilityIndex.from_interactions(data)
    config = RankerConfig(factors=4, min_events=20, min_rows=2, trees=3, leaves=4)
    model = Ranker(config).fit(data, FitOptions(availability=index))
    save_bundle(model, tmp_path / "bundle", availability=index)
    save_pyfunc(tmp_path / "bundle", tmp_path / "model")
    wanted = (tmp_path / "model" / "requirements.txt").read_text()
    assert re.search(r"^lightgbm==", wanted, re.M)
    assert "lightgbm" not in " ".join(requirements(AlsConfig()))
    served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    top = served.predict(pd.DataFrame({Columns.USER: [0, 3], "at": ["20", "20"]}), {"k": 99})
    assert set(top[Columns.ITEM]) == set(data.items[index.live_at(20)])


def test_no_file_in_it_can_hide_a_pickle_or_a_path_of_this_machine(saved: Path) -> None:
    files = [
        path
        for path in saved.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"  # left by tests that loaded it
    ]
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".joblib"}]
    for path in files:
        if path.suffix in {".yaml", ".json", ".txt", ""}:
            assert str(saved.parent) not in path.read_text(), path
    assert "model_code_path: model_code.py" in (saved / "MLmodel").read_text()


def test_identifiers_in_the_signature_are_of_the_datas_kind(
    saved: Path, steps: Bundle, tmp_path: Path
) -> None:
    bundle = save_bundle(steps.model, tmp_path / "bundle", availability=steps.availability)
    numbers = Model.load(str(save_pyfunc(bundle, tmp_path / "model"))).signature
    texts = Model.load(str(saved)).signature
    assert [c.type.name for c in texts.inputs] == ["string", "string"]
    assert [c.type.name for c in numbers.inputs] == ["long", "string"]
    assert [c.type.name for c in numbers.outputs][:2] == ["long", "long"]
    assert [p.name for p in numbers.params] == ["k", "at", "repeat", "live"]


def test_a_folder_that_stands_there_already_is_not_overwritten(saved: Path) -> None:
    with pytest.raises(StoreError, match=r"served model .*: .*; give a new folder"):
        save_pyfunc(saved.with_name("bundle"), saved)


def asked(users: list[object], at: list[str | None] | None = None) -> pd.DataFrame:
    table = pd.DataFrame({Columns.USER: users})
    return table if at is None else table.assign(at=at)


def test_each_row_may_have_its_own_instant(texts: Bundle) -> None:
    early, late = "2024-06-02T20:00:00Z", "2024-06-02T21:00:00Z"
    lists = answer(texts, asked(["user-1", "user-1", "user-2"], [early, late, early]), {"k": 2})
    counts = lists.groupby([Columns.USER, "at"]).size().to_dict()
    assert counts == {("user-1", early): 2, ("user-2", early): 2}


def test_a_row_without_its_own_instant_takes_the_parameters(texts: Bundle) -> None:
    early, late = "2024-06-02T20:00:00Z", "2024-06-02T21:00:00Z"
    table = asked(["user-1", "user-2"], [None, late])
    lists = answer(texts, table, {"k": 1, "at": early})
    assert lists[Columns.USER].tolist() == ["user-1"]


def test_steps_are_given_as_text(steps: Bundle) -> None:
    lists = answer(steps, asked([1], ["500"]), {"k": 3})
    assert set(lists[Columns.ITEM]) <= set(steps.model.dataset.items[:6])
    assert answer(steps, asked([1], ["506"]), {"k": 3}).empty


@pytest.mark.parametrize("empty", [asked([]), asked([], [])])
def test_no_question_no_answer(texts: Bundle, empty: pd.DataFrame) -> None:
    table = answer(texts, empty, {})
    assert table.empty
    assert list(table)[:5] == ["user_id", "item_id", "score", "rank", "fallback"]


def test_who_is_live_can_be_said_by_whoever_knows(texts: Bundle, steps: Bundle) -> None:
    some = texts.model.dataset.items[-2:].tolist()
    lists = answer(texts, asked(["user-1"]), {"k": 5, "live": [*some, "never seen"]})
    assert set(lists[Columns.ITEM]) == set(some)
    assert answer(texts, asked(["user-1"]), {"live": []}).empty
    number = int(steps.model.dataset.items[-1])
    assert answer(steps, asked([1]), {"live": [str(number)]})[Columns.ITEM].tolist() == [number]
    with pytest.raises(ConfigError, match=r"live: .*'x'; items of this model are integers"):
        answer(steps, asked([1]), {"live": ["x"]})


def test_a_repeat_policy_is_read_from_text() -> None:
    assert parse_repeat("") is None
    assert parse_repeat("exclude") == RepeatPolicy(kind="exclude")
    assert parse_repeat("cooldown:1.5") == RepeatPolicy(kind="cooldown", cooldown_hours=1.5)
    for wrong in ("never", "cooldown", "cooldown:soon", "allow:3"):
        with pytest.raises(ConfigError, match=r"give allow, exclude or cooldown:<hours>"):
            parse_repeat(wrong)


def test_from_a_bundle_to_the_champion_and_back(texts: Bundle, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    registry = Registry(Endpoint(uri, uri, (tmp_path / "artifacts").as_uri()))
    client = MlflowClient(uri)
    run = client.create_run(
        client.create_experiment("e", artifact_location=registry.endpoint.artifact_location)
    )
    assert load_champion(registry, "onstage-texts") is None
    bundle = save_bundle(texts.model, tmp_path / "bundle", availability=texts.availability)
    config = texts.model.config.model_dump(mode="json")
    versions = {
        release(
            registry, "onstage-texts", run.info.run_id, bundle,
            model="als", config=config, data_digest="monday", metrics={"ndcg_at_10": 0.3},
        ).version
        for _ in range(2)
    }  # fmt: skip
    assert versions == {"1"}
    challenger = registry.get("onstage-texts", "1")
    decision = decide(Promotion(baselines=()), challenger.standing, None, {})
    enact(registry, Audit(tmp_path / "audit.jsonl"), "onstage-texts", decision, run.info.run_id)
    loaded = load_champion(registry, "onstage-texts")
    assert loaded is not None
    champion, again = loaded
    assert champion.config == config
    at = "2024-06-02T20:30:00Z"
    pd.testing.assert_frame_equal(
        again.recommend(["user-1"], at), texts.recommend(["user-1"], at), rtol=1e-5
    )
    assert not (Path.cwd() / "mlflow.db").exists()
    moved = registry.download(champion, tmp_path)
    assert load_bundle(moved / "artifacts" / "bundle").info == {}


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
