"""Five nights of production on a simulated platform, with everything that can happen."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
ONSTAGE = str(Path(sys.executable).with_name("onstage"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], dict[str, Any]]:
    """Folder, environment and answer of a short rehearsal."""
    folder = tmp_path_factory.mktemp("rehearsal")
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**others, "ONSTAGE_HOME": str(folder / "home"), "ONSTAGE_PROGRESS": "0"}
    words = [ONSTAGE, "rehearse", str(folder / "played"), "--days", "5", "--users", "600", "--json"]
    done = subprocess.run(
        words, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "played", environment, json.loads(done.stdout)


def test_a_bad_day_is_refused_and_the_champion_stays(played: Any) -> None:
    nights = played[2]["nights"]
    first, bad, mended = nights[:3]
    assert first["decision"] == "first"
    assert bad["decision"] == "refused"
    assert "ends_before_start" in bad["reason"]
    assert bad["before"] == bad["after"] == first["after"]
    assert bad["accepted"] == first["accepted"]  # what was accepted before stays accepted
    assert mended["decision"] in {"promoted", "refreshed", "kept"}
    assert mended["accepted"] > bad["accepted"]


def test_other_habits_are_a_drift_of_the_input_and_of_the_champion(played: Any) -> None:
    calm, changed = played[2]["nights"][2], played[2]["nights"][3]
    assert calm["drift"] == []
    said = " ".join(changed["drift"])
    assert "repeat_share" in said
    assert "champion v" in said
    assert changed["high"] < calm["low"]


def test_a_rollback_is_in_the_audit_and_the_page_is_drawn(played: Any) -> None:
    folder, environment, told = played
    last = told["nights"][-1]
    assert "rolled back in the morning" in " ".join(last["story"])
    words = [ONSTAGE, "champion", str(folder / "rehearsal.yaml"), "--history", "--json"]
    done = subprocess.run(words, check=True, cwd=ROOT, env=environment, capture_output=True)
    actions = [entry["action"] for entry in json.loads(done.stdout)]
    assert actions[0] == "first"
    assert "rolled-back" in actions
    page = Path(told["page"]).read_text()
    assert "viewers and streamers have other habits since this day" in page
