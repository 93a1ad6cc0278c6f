"""`onstage champion`, `rollback` and `promote --force` on a real MLflow database."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.pipeline.promoting import audit_of, registry_of
from onstage.pipeline.workspace import Workspace
from onstage.registry.proposals import Proposal
from onstage.registry.versions import Registry


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]
NAME = "onstage-moves"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("moves")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSTAGE_HOME", str(folder))
        patch.setenv("PREFECT_HOME", str(folder / "prefect"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("MLFLOW_REGISTRY_URI", raising=False)
        yield folder


@pytest.fixture(scope="module")
def config(home: Path) -> Path:
    """A data set whose registry has two versions: the first champion, the second challenger."""
    path = home / "moves.yaml"
    path.write_text(yaml.safe_dump({"name": "moves", "data": {"preset": "kumu", "folder": "none"}}))
    workspace = Workspace.open(path)
    registry = registry_of(workspace)
    experiment = registry._client.create_experiment("moves")
    run = registry._client.create_run(experiment).info.run_id
    for factors in (8, 16):
        _register(registry, run, home / f"model-{factors}", factors)
    registry.promote(NAME, "1")
    registry.set_challenger(NAME, "2")
    return path


def _register(registry: Registry, run: str, folder: Path, factors: int) -> None:
    bundle = folder / "artifacts" / "bundle"
    bundle.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: onstage}}\n")
    (bundle / "weights").write_text(str(factors))
    registry.register(
        NAME, run, Proposal("als", {"algorithm": "als", "factors": factors}, "monday", folder)
    )


def onstage(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def champion(config: Path, *words: object) -> dict[str, object]:
    result = onstage("champion", config, "--json", *words)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_a_person_overrules_the_gate_and_takes_it_back_and_the_audit_knows(config: Path) -> None:
    assert champion(config)["version"] == "1"
    seen = datetime.now(UTC)
    forced = onstage("promote", config, "--force", "--reason", "the old one serves nobody")
    assert forced.exit_code == 0, forced.output
    assert forced.stdout == "onstage-moves: forced v2 over v1: the old one serves nobody\n"
    assert champion(config)["version"] == "2"
    later = (seen + timedelta(days=1)).isoformat(timespec="seconds")
    assert champion(config, "--at", later)["version"] == "2"
    back = onstage("rollback", config, "--reason", "viewers complain", "--json")
    assert json.loads(back.stdout)["after"] == "1"
    entries = json.loads(onstage("champion", config, "--history", "--json").stdout)
    assert [(e["action"], e["before"], e["after"]) for e in entries] == [
        ("observed", None, "1"),
        ("forced", "1", "2"),
        ("rolled-back", "2", "1"),
    ]
    assert entries[2]["reasons"] == ["viewers complain"]
    assert audit_of(Workspace.open(config)).champion_at(NAME, seen) == "1"
    before = onstage("champion", config, "--at", "2020-01-01")
    assert before.exit_code == 1
    assert "onstage-moves has no champion at 2020-01-01 00:00 UTC" in before.stderr


def test_who_is_champion_is_told_with_since_when_and_why(config: Path) -> None:
    text = onstage("champion", config).stdout
    assert text.startswith("onstage-moves v1: als {'algorithm': 'als', 'factors': 8}\nsince 20")
    assert "rolled-back by" in text
    assert text.endswith("v2 to v1: viewers complain\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("promote", "--force"), "--force needs --reason TEXT"),
        (("promote", "--reason", "x"), "--reason and --version go with --force only"),
        (("promote", "--force", "--reason", " "), "say why in a few words"),
        (("promote", "--force", "--dry-run", "--reason", "x"), "choose one"),
        (("rollback",), "Missing option '--reason'"),
        (("champion", "--history", "--at", "2026-01-01"), "choose one"),
    ],
)
def test_a_move_without_a_reason_is_wrong_usage(
    config: Path, words: tuple[str, ...], message: str
) -> None:
    result = onstage(words[0], config, *words[1:])
    assert result.exit_code == 2
    assert message in result.stderr


def test_what_cannot_be_moved_is_one_line(config: Path) -> None:
    cases = {
        ("rollback", config, "--reason", "x", "--version", "9"): "9",
        ("promote", config, "--force", "--reason", "x", "--version", "1"): "v1 is champion already",
    }
    for words, message in cases.items():
        result = onstage(*words)
        assert result.exit_code == 1, result.output
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
