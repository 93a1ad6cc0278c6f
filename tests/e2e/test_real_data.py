"""The main job on the real data sets, with a small budget."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from flows.cli import main


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.realdata,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect"),
]

ROOT = Path(__file__).parents[2]
SLOW = ("lstm", "liverec", "svdpp", "slope_one")
"""Recipes whose minutes show nothing here."""


def config_of(name: str, folder: Path) -> str:
    """The shipped configuration, less its slowest recipes, every model fitted once."""
    raw = yaml.safe_load((ROOT / "configs" / f"{name}.yaml").read_text())
    raw["seeds"] = 1
    for recipe in SLOW:
        raw["models"].pop(recipe, None)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False))
    return str(path)


@pytest.mark.parametrize("name", ["deskdrop", "twitch105k", "movielens"])
def test_a_real_log_becomes_a_registered_leader(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSTAGE_DATA", str(data))
    config = config_of(name, tmp_path)
    result = CliRunner().invoke(main, ["retrain", config, "--trials", "2", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["verdict"] == "first"
    assert told["gains"]["popularity"]["low"] > 0  # paired, on the same events
    assert Path(told["recommendations"]).exists()


def test_memory_by_count_reaches_the_published_value_on_track_b(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSTAGE_DATA", str(data))
    config = config_of("twitch105k", tmp_path)
    CliRunner().invoke(main, ["retrain", config, "--trials", "2"])  # at once, if it was done
    rows = json.loads(CliRunner().invoke(main, ["leaderboard", config, "--json"]).stdout)
    (memory,) = (
        row
        for row in rows
        if (row["model"], row["protocol"], row["group"], row["metric"])
        == ("memory", "live-B", "all", "ndcg_at_10")
    )
    assert memory["value"] == pytest.approx(0.713, abs=0.002)
    assert memory["n"] == 1420
