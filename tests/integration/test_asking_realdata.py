"""The questions of docs/titles.md on MovieLens and Deskdrop."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli import main


pytestmark = [
    pytest.mark.integration,
    pytest.mark.realdata,
    pytest.mark.filterwarnings("default"),
]

ROOT = Path(__file__).parents[2]
ALS = json.dumps(
    {
        "algorithm": "als",
        "alpha": 15,
        "weighting": "linear",
        "factors": 20,
        "regularization": 0.1,
        "iterations": 50,
    }
)
USER, ARTICLE = "5664882385083540533", "1582315529508020223"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def environment(home: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSTAGE_HOME", str(home))
    monkeypatch.setenv("ONSTAGE_DATA", str(data))


def told(command: str, name: str, *words: str) -> Any:
    config = str(ROOT / "configs" / f"{name}.yaml")
    result = CliRunner().invoke(main, [command, config, "--json", *words])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_forrest_gump_is_like_what_the_tutorial_found() -> None:
    value = told("similar", "movielens", "forrest gump", "--model", "als")
    assert value["item"]["title"] == "Forrest Gump (1994)"
    assert [one["title"] for one in value["similar"][:3]] == [
        "Shawshank Redemption, The (1994)",
        "Silence of the Lambs, The (1991)",
        "Pulp Fiction (1994)",
    ]


def test_the_deskdrop_tutorial_in_order() -> None:
    like = told("similar", "deskdrop", ARTICLE, "--model", ALS)["similar"]
    assert all(0.5 < one["score"] < 1 for one in like)
    top = told("for-user", "deskdrop", USER, "--model", ALS, "--only-new", "--scaled")
    had = {one["item"] for one in top["most_liked"]}
    assert int(ARTICLE) in had
    assert had.isdisjoint(one["item"] for one in top["recommended"])
    assert all(0.5 < one["score"] <= 1 for one in top["recommended"])
    why = told("explain", "deskdrop", USER, ARTICLE, "--model", ALS)
    assert len(why["because"]) == 7
    assert sum(one["contribution"] for one in why["because"]) == pytest.approx(why["score"])
    assert why["because"][0]["item"] == int(ARTICLE)


def test_a_negative_identifier_stands_after_two_dashes() -> None:
    value = told("similar", "deskdrop", "--model", ALS, "--", "-7034660627992927630")
    assert value["item"]["item"] == -7034660627992927630
