"""`similar`, `explain` and `for-user`: what they print, and what they refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli import main


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]

TITLES = ["Alpha (1990)", "Beta, The (1991)", "Gamma One", "Gamma Two", "Delta", "Never Watched"]
CONFIG = """
name: asked
data:
  interactions:
    path: {folder}/log.csv
    columns: {{user_id: user, item_id: item, timestamp: time, weight: stars}}
    time: {{unit: s}}
{items}
models:
  popularity: {{algorithm: popularity}}
  little: {{algorithm: als, factors: 4, alpha: 40.0, weighting: linear}}
"""
ITEMS = """
  items:
    path: {folder}/items.csv
    columns: {{item_id: item, title: title}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    rows = [
        f"{user},{item},{1_700_000_000 + 60 * (5 * user + item)},{1 + (user + item) % 5}"
        for user in range(12)
        for item in range(5)
        if (user + item) % 3
    ]
    (folder / "log.csv").write_text("user,item,time,stars\n" + "\n".join(rows) + "\n")
    lines = [f'{number},"{title}"' for number, title in enumerate(TITLES)]
    (folder / "items.csv").write_text("item,title\n" + "\n".join(lines) + "\n")
    items = ITEMS.format(folder=folder)
    (folder / "asked.yaml").write_text(CONFIG.format(folder=folder, items=items))
    bare = CONFIG.format(folder=folder, items="").replace("name: asked", "name: bare")
    (folder / "bare.yaml").write_text(bare)
    return folder


@pytest.fixture(autouse=True)
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSTAGE_HOME", str(folder / "home"))
    monkeypatch.setenv("PREFECT_HOME", str(folder / "prefect"))


def run(*words: object, status: int = 0) -> Any:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == status, result.output
    return result


def told(*words: object, status: int = 0) -> Any:
    return json.loads(run(*words, "--json", status=status).stdout)


def refused(*words: object) -> str:
    message = run(*words, status=1).stderr.strip().splitlines()[-1]
    assert message.startswith("onstage: ")
    return str(message)


def test_similar_items_come_by_title_and_exclude_the_item(folder: Path) -> None:
    value = told("similar", folder / "asked.yaml", "the beta", "--model", "als")
    assert value["item"] == {"item": 1, "title": "Beta, The (1991)", "match": 100.0}
    assert {one["title"] for one in value["similar"]} == {
        "Alpha (1990)", "Gamma One", "Gamma Two", "Delta",
    }  # fmt: skip  # k is 10: there are no more
    by_id = told("similar", folder / "asked.yaml", "1", "--model", "als")
    assert by_id == value
    text = run("similar", folder / "asked.yaml", "beta", "--model", "als").stdout
    assert text.startswith("Because you watched Beta, The (1991) [1]")


def test_without_a_champion_als_answers_and_says_so(folder: Path) -> None:
    assert told("similar", folder / "asked.yaml", "delta")["model"] == "als"


def test_an_ambiguous_title_is_shown_and_refused(folder: Path) -> None:
    value = told("similar", folder / "asked.yaml", "gamma", "--model", "als", status=1)
    assert {one["title"] for one in value["matches"]} == {"Gamma One", "Gamma Two"}
    text = run("similar", folder / "asked.yaml", "gamma", "--model", "als", status=1)
    assert "Gamma Two [3]" in text.stdout
    assert "could be any of 2 items" in text.stderr


def test_an_explanation_sums_to_the_score(folder: Path) -> None:
    value = told("explain", folder / "asked.yaml", "4", "delta", "--model", "little", "--k", "2")
    parts = sum(one["contribution"] for one in value["because"]) + value["others"]["contribution"]
    assert parts == pytest.approx(value["score"], abs=1e-9)
    assert len(value["because"]) == 2
    assert (
        value["others"]["items"] == 2
    )  # user 4 had items 0, 1, 3 and 4: those where 4 + item is no multiple of 3
    text = run("explain", folder / "asked.yaml", "4", "delta", "--model", "little").stdout
    assert "Delta [4] scores" in text


def test_recommendations_stand_beside_what_was_liked(folder: Path) -> None:
    value = told(
        "for-user", folder / "asked.yaml", "4", "--model", "little", "--scaled", "--only-new"
    )
    had = {one["item"] for one in value["most_liked"] + value["least_liked"]}
    assert had.isdisjoint(one["item"] for one in value["recommended"])
    assert all(0 <= one["score"] <= 1 for one in value["recommended"])
    weights = [one["weight"] for one in value["most_liked"]]
    assert weights == sorted(weights, reverse=True)
    assert not value["fallback"]
    text = run("for-user", folder / "asked.yaml", "4", "--model", "little").stdout
    assert "User 4 liked most" in text


def test_a_user_nobody_knows_gets_what_is_popular_and_is_told(folder: Path) -> None:
    for user in ("77", "nobody"):
        value = told("for-user", folder / "asked.yaml", user, "--model", "als", "--k", 99)
        assert value["fallback"]
        assert value["most_liked"] == []
        scores = [one["score"] for one in value["recommended"]]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == len(TITLES)  # k is larger than the catalogue


def test_a_recipe_may_be_given_as_json(folder: Path) -> None:
    recipe = '{"algorithm": "als", "factors": 4, "alpha": 40, "weighting": "linear"}'
    given = told("similar", folder / "asked.yaml", "0", "--model", recipe)
    named = told("similar", folder / "asked.yaml", "0", "--model", "little")
    assert given["similar"] == named["similar"]


def test_data_without_titles_are_asked_by_identifier(folder: Path) -> None:
    value = told("similar", folder / "bare.yaml", "0", "--model", "item_knn")
    assert value["item"]["title"] is None
    assert "no titles; give an item's id" in refused(
        "similar", folder / "bare.yaml", "alpha", "--model", "als"
    )


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("similar", "qqqqzzzz", "--model", "als"), "no title is like it"),
        (("similar", "never watched", "--model", "als"), "learned nothing of it"),
        (("similar", "delta", "--model", "popularity"), "popularity cannot compare items"),
        (("similar", "delta", "--model", "alss"), "expected one of champion, popularity, little"),
        (("similar", "delta", "--model", "{alss"), "not JSON"),
        (("similar", "delta", "--model", "champion"), "nothing is registered yet"),
        (("explain", "77", "delta", "--model", "als"), "user '77': als never saw this user"),
        (("explain", "4", "never watched", "--model", "als"), "nothing was learned of it"),
        (("explain", "4", "delta", "--model", "popularity"), "als, ease and item_knn can"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(
    folder: Path, words: tuple[str, ...], rule: str
) -> None:
    assert rule in refused(words[0], folder / "asked.yaml", *words[1:])
