"""Runs, numbers and files in a real MLflow on SQLite; servers that are not there."""

import ast
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker, batches, endpoint
from onstage.tracking.endpoint import masked
from onstage.tracking.owner import Owner
from onstage.tracking.runs import KEY, OWNER


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    return Tracker.open(MlflowSettings(), Settings(home=tmp_path_factory.mktemp("home")))


def opened(tmp_path: Path, uri: str | None) -> Tracker:
    return Tracker.open(MlflowSettings(tracking_uri=uri), Settings(home=tmp_path))


def artifacts(tracker: Tracker, run_id: str, folder: str | None = None) -> list[str]:
    return [file.path for file in tracker.client.list_artifacts(run_id, folder)]


def test_importing_tracking_imports_no_mlflow() -> None:
    code = "import sys, onstage.tracking; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_run_keeps_what_was_logged_and_ends_with_its_block(tracker: Tracker) -> None:
    with tracker.run("x", "one", params={"a": 1, "repeat": {"kind": "allow"}}) as run_id:
        tracker.log(run_id, metrics={"ndcg_at_10": 0.5}, tags={"note": "hi", "nothing": None})
        assert tracker.get(run_id).status == "RUNNING"
    run = tracker.get(run_id)
    assert run.status == "FINISHED"
    assert run.name == "one"
    assert run.params == {"a": "1", "repeat.kind": "allow"}
    assert run.metrics == {"ndcg_at_10": 0.5}
    assert run.tags["note"] == "hi"
    assert "nothing" not in run.tags


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("bad"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_run_that_an_error_ends_says_which(
    tracker: Tracker, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)), tracker.run("x", "broken") as run_id:
        raise error
    run = tracker.get(run_id)
    assert run.status == status
    assert run.tags["onstage.error"].startswith(type(error).__name__)


def test_children_find_their_parent_from_other_threads(tracker: Tracker) -> None:
    with tracker.run("x", "parent") as parent, ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(lambda i: tracker.start_run("x", f"child {i}", parent=parent), range(8))
        )
    found = tracker.children(parent)
    assert {run.run_id for run in found} == set(made)
    assert {run.name for run in found} == {f"child {i}" for i in range(8)}


def test_more_than_mlflow_takes_at_once_arrives_whole(tracker: Tracker) -> None:
    params = {f"p{i}": i for i in range(250)}
    tags = {f"t{i}": i for i in range(130)}
    series = {"loss": {step: step / 2 for step in range(2300)}}
    with tracker.run("x", "many") as run_id:
        tracker.log(run_id, params=params, tags=tags, series=series, metrics={"m": 1.0}, step=7)
    run = tracker.get(run_id)
    assert run.params == {name: str(value) for name, value in params.items()}
    assert {name: run.tags[name] for name in tags} == {n: str(v) for n, v in tags.items()}
    assert tracker.history(run_id, "loss") == series["loss"]
    assert tracker.history(run_id, "m") == {7: 1.0}


def test_long_values_are_cut_and_stay_different(tracker: Tracker) -> None:
    long = {"a": "x" * 9000 + "a", "b": "x" * 9000 + "b"}
    with tracker.run("x", "long", params=long) as run_id:
        pass
    kept = tracker.get(run_id).params
    assert all(len(value) == batches.PARAM_LENGTH for value in kept.values())
    assert kept["a"] != kept["b"]


def test_a_name_with_an_at_sign_is_refused_before_anything_is_sent(tracker: Tracker) -> None:
    with (
        pytest.raises(TrackingError, match=r"metric 'ndcg@10': .*call it 'ndcg_at_10'"),
        tracker.run("x", "named") as run_id,
    ):
        tracker.log(run_id, metrics={"fine": 1.0, "ndcg@10": 0.5})
    assert tracker.get(run_id).metrics == {}


@given(st.text(min_size=1, max_size=40))
def test_mlflow_takes_every_name_that_we_take_or_suggest(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name

    try:
        kept = batches.check_name("metric", name)
    except TrackingError as error:
        better = ast.literal_eval(str(error).partition("; call it ")[2])
        kept = batches.check_name("metric", better)
    _validate_metric_name(kept)


def test_work_with_a_key_takes_up_its_run_and_drops_doubles(tracker: Tracker) -> None:
    first = tracker.start_run("keys", "a", key="job-1", params={"seed": 3})
    tracker.finish(first, "KILLED")
    double = tracker.client.create_run(tracker.experiment("keys"), tags={KEY: "job-1"})
    again = tracker.start_run("keys", "a", key="job-1", params={"seed": 3})
    assert again == first == tracker.find("keys", "job-1")
    assert tracker.get(first).status == "RUNNING"
    assert double.info.run_id not in {run.run_id for run in tracker.search("keys")}
    assert tracker.start_run("keys", "b", key="job-2") != first


def test_runs_of_dead_processes_are_ended_and_those_of_the_living_are_not(
    tracker: Tracker,
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    here = Owner.current()
    theirs = Owner(here.host, here.boot, here.space, dead.pid, "1")
    dead.kill()
    dead.wait()
    mine = tracker.start_run("orphans", "mine")
    left = tracker.start_run("orphans", "left")
    tracker.log(left, tags={OWNER: str(theirs)})
    elsewhere = tracker.start_run("orphans", "elsewhere")
    tracker.log(elsewhere, tags={OWNER: str(Owner("other-host", "b", "s", dead.pid, "1"))})
    rebooted = tracker.start_run("orphans", "rebooted")
    tracker.log(rebooted, tags={OWNER: str(Owner(here.host, "old", here.space, here.process, "1"))})
    stranger = tracker.client.create_run(tracker.experiment("orphans")).info.run_id

    assert set(tracker.mark_orphans("orphans")) == {left, rebooted}
    assert tracker.get(left).status == tracker.get(rebooted).status == "KILLED"
    assert {tracker.get(run).status for run in (mine, elsewhere, stranger)} == {"RUNNING"}
    assert tracker.mark_orphans("orphans") == []


def test_a_number_used_again_by_a_later_process_is_not_the_same_owner() -> None:
    here = Owner.current()
    assert not here.gone()
    assert Owner(here.host, here.boot, here.space, here.process, "1").gone()
    assert Owner.parse(str(here)) == here
    assert Owner.parse("somebody") is None


def test_files_and_tables_replace_those_of_the_same_name(tracker: Tracker, tmp_path: Path) -> None:
    table = pd.DataFrame({"user_id": [1, 2], "score": [0.5, 0.25]})
    with tracker.run("x", "files") as run_id:
        for rows in (table, table.head(1)):
            for file in ("t/a.csv", "t/a.json", "t/a.parquet"):
                tracker.log_table(run_id, rows, file)
        tracker.log_text(run_id, "hello", "notes/hello.txt")
        (tmp_path / "page.html").write_text("<p>")
        tracker.log_artifact(run_id, tmp_path / "page.html")
        tracker.log_artifacts(run_id, tmp_path, "all")
    assert artifacts(tracker, run_id, "t") == ["t/a.csv", "t/a.json", "t/a.parquet"]
    assert artifacts(tracker, run_id) == ["all", "notes", "page.html", "t"]
    assert artifacts(tracker, run_id, "all") == ["all/page.html"]
    path = tracker.client.download_artifacts(run_id, "t/a.csv", str(tmp_path))
    pd.testing.assert_frame_equal(pd.read_csv(path), table.head(1))
    with pytest.raises(TrackingError, match=r"table 't.xlsx': write it as .csv"):
        tracker.log_table(run_id, table, "t.xlsx")


def test_a_figure_is_kept_as_a_picture(tracker: Tracker) -> None:
    from matplotlib.figure import Figure

    with tracker.run("x", "figure") as run_id:
        tracker.log_figure(run_id, Figure(figsize=(1, 1)), "plots/empty.png")
    assert artifacts(tracker, run_id, "plots") == ["plots/empty.png"]


def test_the_data_of_a_run_are_found_by_their_digest(tracker: Tracker) -> None:
    digest = "0123456789abcdef" * 4
    with tracker.run("lineage", "with data") as run_id:
        tracker.log_dataset(run_id, "deskdrop", digest, "/data/interactions.parquet")
    kept = tracker.client.get_run(run_id).inputs.dataset_inputs[0].dataset
    assert (kept.name, kept.digest) == ("deskdrop", digest[:36])
    where = f"dataset.digest = '{digest[:36]}'"
    hits = tracker.client.search_runs([tracker.experiment("lineage")], where)
    assert [run.info.run_id for run in hits] == [run_id]


def test_the_data_are_kept_as_mlflows_own_meta_dataset_keeps_them(tmp_path: Path) -> None:
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.data.sources import LocalArtifactDatasetSource

    from onstage.tracking.files import dataset_input

    source = LocalArtifactDatasetSource(str(tmp_path))
    theirs = MetaDataset(source, name="d", digest="abc").to_dict()
    ours = dataset_input("d", "abc", str(tmp_path)).dataset
    assert {name: getattr(ours, name) for name in theirs if theirs[name] is not None} == {
        name: value for name, value in theirs.items() if value is not None
    }


def test_the_address_of_a_run_opens_its_page(tracker: Tracker) -> None:
    run_id = tracker.start_run("x", "address")
    experiment = tracker.experiment("x")
    assert tracker.url(run_id) == f"http://127.0.0.1:5000/#/experiments/{experiment}/runs/{run_id}"


def test_an_experiment_that_was_deleted_is_not_used_silently(tracker: Tracker) -> None:
    tracker.client.delete_experiment(tracker.experiment("gone"))
    tracker._experiments.clear()
    with pytest.raises(TrackingError, match="'gone' was deleted: bring it back with"):
        tracker.start_run("gone", "a")


def test_an_unknown_run_is_an_error_with_an_address(tracker: Tracker) -> None:
    with pytest.raises(TrackingError, match=r"MLflow at sqlite:.*not found; check the id"):
        tracker.get("0" * 32)


RACER = """
import sys
from pathlib import Path
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
tracker = Tracker.open(MlflowSettings(tracking_uri=sys.argv[2]), Settings(home=Path(sys.argv[1])))
with tracker.run("race", "r"):
    pass
"""


def race(home: Path, uri: str) -> list[str]:
    """States of the runs that two processes make on a fresh database at the same time."""
    command = [sys.executable, "-c", RACER, str(home), uri]
    racers = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    for racer in racers:
        _, said = racer.communicate(timeout=300)
        assert racer.returncode == 0, said.decode()[-2000:]
    return [run.status for run in opened(home, uri).search("race")]


def test_processes_that_touch_a_fresh_file_together_all_succeed(tmp_path: Path) -> None:
    assert race(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}") == ["FINISHED"] * 2


def test_processes_that_touch_a_fresh_server_together_all_succeed(
    tmp_path: Path, postgres_url: str
) -> None:
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE tracked"))
    engine.dispose()
    assert race(tmp_path, f"{postgres_url.rpartition('/')[0]}/tracked") == ["FINISHED"] * 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would answer for servers that are not there."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.usefixtures("direct")
def test_a_server_that_is_not_there_is_said_to_be_so_at_once(tmp_path: Path) -> None:
    uri = f"http://me:secret@127.0.0.1:{free_port()}"
    with pytest.raises(
        TrackingError, match=r"does not answer \(.*refused.*MLFLOW_TRACKING_URI"
    ) as e:
        opened(tmp_path, uri)
    assert "secret" not in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.usefixtures("direct")
def test_a_server_that_accepts_and_says_nothing_does_not_hold_us_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        start = time.monotonic()
        with pytest.raises(TrackingError, match=r"does not answer .*timed out"):
            opened(tmp_path, f"http://127.0.0.1:{mute.getsockname()[1]}")
        assert time.monotonic() - start < 30  # MLflow itself goes on for minutes


@pytest.fixture
def failing_server() -> Iterator[Callable[[int], str]]:
    servers = []

    def start(code: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(code)

            def log_message(self, *args: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.usefixtures("direct")
def test_a_server_in_trouble_is_not_an_answer(
    tmp_path: Path, failing_server: Callable[[int], str]
) -> None:
    with pytest.raises(TrackingError, match=r"does not answer \(HTTP 503\)"):
        opened(tmp_path, failing_server(503))


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", r"//\*\*\*@127.0.0.1:1/x does not answer"),
        ("postgresql+nodriver://me:secret@127.0.0.1:1/x", "postgresql"),
        ("./mlruns", r"use sqlite:///path/mlflow.db, a database or a server"),
    ],
)
def test_addresses_that_cannot_work_are_refused_with_the_remedy(
    tmp_path: Path, uri: str, said: str
) -> None:
    with pytest.raises(TrackingError, match=said) as error:
        opened(tmp_path, uri)
    assert "secret" not in str(error.value)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackingError, match=r"Not a directory; choose a writable folder"):
        opened(tmp_path / "file" / "home", None)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://me:secret@host:5000", "http://***@host:5000"),
        ("https://token@host/x", "https://***@host/x"),
        ("postgresql://u:a@b@host/db", "postgresql://***@host/db"),
        ("postgresql://host/db?password=secret&x=1", "postgresql://host/db?password=***&x=1"),
        ("sqlite:////var/mlflow.db", "sqlite:////var/mlflow.db"),
    ],
)
def test_credentials_are_never_shown(uri: str, shown: str) -> None:
    assert masked(uri) == shown
