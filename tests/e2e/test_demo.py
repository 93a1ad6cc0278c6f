"""`onstage demo`, on a smaller platform and budget than a newcomer's."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from flows.cli import main
from onstage.data.simulate.config import SimulationConfig


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect"),
]

ROOT = Path(__file__).parents[2]


def test_the_demo_says_what_won_where_to_look_and_what_was_possible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = SimulationConfig(shape="twitch", users=400, streamers=80, days=21)
    monkeypatch.setattr(SimulationConfig, "small", lambda _shape: few)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    raw = yaml.safe_load((ROOT / "configs" / "demo.yaml").read_text())
    raw["sweep"] = {"trials": 2, "algorithms": {"item_knn": {}}}
    (tmp_path / "configs" / "demo.yaml").write_text(yaml.safe_dump(raw))
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 0, result.output
    for word in ("popularity", "champion", "report", "recommendations", "Data Docs", "onstage ui"):
        assert word in result.stdout
    best = re.search(r"best possible ranking .* NDCG@10 (0\.\d+)", result.stdout)
    table = [float(value) for value in re.findall(r"^\S+ +(0\.\d{4}) \[", result.stdout, re.M)]
    assert best is not None
    assert len(table) == 5
    assert max(table) < float(best.group(1)), "no model knows the viewers better than they do"
    again = CliRunner().invoke(main, ["demo", "--json"])
    told = json.loads(again.stdout)
    assert "nothing new" in told["decision"]
    assert told["best_possible"]["ndcg_at_10"] == pytest.approx(float(best.group(1)), abs=5e-5)
