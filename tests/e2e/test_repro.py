"""Same data, configuration and seed, same leaderboard; and a run made again from what it keeps."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.pipeline.outcome import Outcome, recall
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.ranking import ROWS
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # what Prefect, MLflow and GX warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def onstage(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def source(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the platform's files, which a test may change."""
    folder = tmp_path_factory.mktemp("source") / "files"
    shutil.copytree(platform, folder)
    return folder


@pytest.fixture(scope="module")
def mixed(config: Path, source: Path) -> Path:
    """Models of every kind: counted, solved, sampled in threads, and boosted trees."""
    content: dict[str, Any] = yaml.safe_load(config.read_text())
    content["name"] = "mixed"
    content["data"] = {"preset": "kumu", "folder": str(source)}
    content["models"] |= {
        "bpr": {"algorithm": "bpr", "iterations": 3, "negatives": "live"},
        "ranker": {"algorithm": "ranker", "events": 300, "min_events": 50, "trees": 10},
    }
    path = config.with_name("mixed.yaml")
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def retrained(config: Path, home: Path, threads: int) -> tuple[Outcome, bytes]:
    """The outcome and the leaderboard's bytes of a retrain in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSTAGE_HOME", str(home))
        patch.setenv("ONSTAGE_THREADS", str(threads))
        done = onstage("retrain", config)
        assert done.exit_code == 0, done.stderr
        workspace = Workspace.open(config)
        outcome = recall(workspace)
        return outcome, workspace.store.path(outcome.board, ROWS).read_bytes()


@pytest.fixture(scope="module")
def one(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome, bytes]:
    home = tmp_path_factory.mktemp("one")
    return home, *retrained(mixed, home, threads=1)


def test_two_homes_and_two_threads_give_the_same_leaderboard(
    one: tuple[Path, Outcome, bytes], mixed: Path, tmp_path: Path
) -> None:
    _, first, bytes_of_first = one
    second, bytes_of_second = retrained(mixed, tmp_path / "two", threads=2)
    assert bytes_of_second == bytes_of_first
    assert second.board.digest == first.board.digest
    assert {n: m.digest for n, m in second.backtests.items()} == {
        n: m.digest for n, m in first.backtests.items()
    }
    assert second.recipes == first.recipes
    assert second.recommendations.digest == first.recommendations.digest


def test_a_run_made_again_is_the_same_until_its_data_change(
    one: tuple[Path, Outcome, bytes], mixed: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, outcome, _ = one
    monkeypatch.setenv("ONSTAGE_HOME", str(home))
    monkeypatch.setenv("ONSTAGE_THREADS", "2")
    registry, name = registry_of(Workspace.open(mixed)), Workspace.open(mixed).registered_model
    before = [(v.version, v.tags) for v in registry.versions(name)], registry.champion(name)
    same = onstage("repro", outcome.run)
    assert same.exit_code == 0, same.output
    assert "threads: was 1, is 2" in same.stdout.splitlines()
    assert same.stdout.splitlines()[-1].startswith(f"run {outcome.run}: SAME: ")
    after = [(v.version, v.tags) for v in registry.versions(name)], registry.champion(name)
    assert after == before

    log = source / "kumu_livestream_watchlog_db_p1.csv"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-50]))
    other = onstage("repro", outcome.run, "--json")
    assert other.exit_code == 1
    told = json.loads(other.stdout)
    assert told["same"] is False
    assert told["changes"][0]["what"].startswith("source interactions/0/kumu_livestream_watchlog")
    assert told["differences"]
    assert "log" in {change["what"] for change in told["artefacts"]}

    shutil.rmtree(source)
    gone = onstage("repro", outcome.run)
    assert gone.exit_code == 2
    assert gone.stderr.splitlines()[-1].startswith(f"onstage: cannot repeat {outcome.run}: ")
