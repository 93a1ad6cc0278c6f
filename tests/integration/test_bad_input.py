"""Bad input gets one clear line: the value, the rule, the remedy; and exit status 1."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import main
from onstage.config import load_config
from onstage.errors import ConfigError
from onstage.pipeline.extras import need_extras


pytestmark = pytest.mark.integration

LOG = "user_id,item_id,timestamp\n" + "".join(
    f"{user},{item},{1_700_000_000 + 60 * n}\n"
    for n, (user, item) in enumerate((u, i) for u in range(6) for i in range(5))
)
CONFIG = """
name: bad
data:
  interactions:
    path: {path}
    columns: {{user_id: user_id, item_id: item_id, timestamp: timestamp}}
    time: {{unit: s}}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    (tmp_path / "log.csv").write_text(LOG)
    path = tmp_path / "bad.yaml"
    path.write_text(CONFIG.format(path=tmp_path / "log.csv"))
    return path


def refused(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 1, result.output
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("onstage: ")
    assert len(message) < 700
    return message


def test_a_missing_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    message = refused("leaderboard", tmp_path / "none.yaml")
    assert "No such file" in message
    assert "onstage init" in message


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        (("name: bad", "name: bad\nprotocol: []"), "protocol", "Extra inputs are not permitted"),
        (("name: bad", "name: Bad Name"), "name", "Bad Name"),
        (("name: bad", "name: [bad"), "bad.yaml", "not YAML"),
        (
            ("name: bad", "name: bad\nsweep: {algorithms: {popularity: {}}}"),
            "models.popularity",
            "call the fixed recipe something else",
        ),
        (
            ("name: bad", "name: bad\nprotocols: [{kind: temporal}, {kind: temporal}]"),
            "protocols",
            "each may stand once",
        ),
    ],
)
def test_a_wrong_configuration_names_the_key_and_the_rule(
    config: Path, change: tuple[str, str], place: str, rule: str
) -> None:
    config.write_text(config.read_text().replace(*change))
    message = refused("leaderboard", config)
    assert place in message
    assert rule in message


def test_nothing_to_show_yet_says_what_to_run(config: Path) -> None:
    assert "onstage retrain" in refused("leaderboard", config)
    assert "onstage retrain" in refused("champion", config)


def test_a_model_without_torch_is_refused_before_anything_is_read(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.backtest import backtest
    from flows.retrain import retrain
    from flows.sweep import sweep

    models = "\nmodels: {next: {algorithm: sasrec}}\nsweep: {algorithms: {als: {}, lstm: {}}}"
    config.write_text(config.read_text() + models)
    monkeypatch.setitem(sys.modules, "torch", None)
    remedy = "needs torch, which is not installed; run `pip install 'onstage[deep]'` or `make deep`"
    for run in (
        lambda: retrain.fn(str(config)),
        lambda: backtest.fn(str(config)),
        lambda: sweep.fn(str(config), ["lstm"]),
    ):
        with pytest.raises(ConfigError) as problem:
            run()
        assert str(problem.value) == f"sweep.algorithms.lstm {remedy}"
    need_extras(load_config(config), ["als"])  # which needs none
    config.write_text(config.read_text().replace(", lstm: {}", ""))
    with pytest.raises(ConfigError, match=r"^models\.next needs torch"):
        need_extras(load_config(config))


def test_an_unreachable_prefect_server_is_one_line(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    message = refused("retrain", config)
    assert "http://127.0.0.1:1/api: no Prefect server answers" in message
    assert "unset PREFECT_API_URL" in message


def test_an_unreachable_tracking_server_is_one_line(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    message = refused("champion", config)
    assert "http://127.0.0.1:1" in message
    assert "MLFLOW_TRACKING_URI" in message


def test_the_ui_is_not_started_over_a_server_that_has_one(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:1")
    message = refused("ui")
    assert "is a server already" in message
    assert "secret" not in message


def test_a_home_that_cannot_be_written_is_one_line(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.delenv("PREFECT_HOME")
    assert "ONSTAGE_HOME" in refused("retrain", config)


def test_a_misspelt_key_of_mlflow_yaml_is_refused(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlflow.yaml").write_text("promotion: {metrics: ndcg_at_10}\n")
    monkeypatch.chdir(tmp_path)
    message = refused("leaderboard", config)
    assert "mlflow.yaml" in message
    assert "promotion.metrics" in message


def test_init_refuses_to_replace_a_configuration(config: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    first = CliRunner().invoke(main, ["init", str(tmp_path / "log.csv"), "-o", str(target)])
    assert first.exit_code == 0, first.output
    before = target.read_text()
    assert "--force" in refused("init", tmp_path / "log.csv", "-o", target)
    assert target.read_text() == before


def test_init_tells_a_program_what_it_guessed(config: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    words = ["init", str(tmp_path / "log.csv"), "-o", str(target), "--json"]
    told = json.loads(CliRunner().invoke(main, words).stdout)
    assert told["path"] == str(target)
    assert told["configuration"] == target.read_text()
    assert any("user_id" in sentence for sentence in told["guesses"])
    dry = json.loads(CliRunner().invoke(main, [*words, "--dry-run"]).stdout)
    assert dry["path"] is None


def test_a_wrong_word_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["retrian"])
    assert result.exit_code == 2
