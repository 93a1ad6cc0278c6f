"""An item by its title: exact, fuzzy where clear, never guessed."""

import pandas as pd
import pytest

from onstage.columns import Columns
from onstage.data.titles import AmbiguousError, Titles


FILMS = {
    356: "Forrest Gump (1994)",
    318: "Shawshank Redemption, The (1994)",
    7: "Sabrina (1995)",
    915: "Sabrina (1954)",
    260: "Star Wars: Episode IV - A New Hope (1977)",
    1196: "Star Wars: Episode V - The Empire Strikes Back (1980)",
    47: "Seven (a.k.a. Se7en) (1995)",
    300: "Quiz Show (1994)",
    51662: "300 (2007)",
    2571: "Matrix, The (1999)",
    1350: "War, The (1994)",
    4447: "Legally Blonde (2001)",
    5449: "Legally Blonde 2: Red, White & Blonde (2003)",
    9999: None,
}


@pytest.fixture
def titles() -> Titles:
    items = pd.DataFrame({Columns.ITEM: list(FILMS), Columns.TITLE: list(FILMS.values())})
    return Titles(pd.Index(list(FILMS)), items)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("356", 356),
        ("forrest gump", 356),
        ("FORREST-GUMP!", 356),
        ("forest gmup", 356),
        ("the shawshank redemption", 318),
        ("shawshank", 318),
        ("sabrina (1954)", 915),
        ("Sabrina 1995", 7),
        ("seven", 47),
        ("matrix", 2571),
        ("legally blonde", 4447),
        ("empire strikes back", 1196),
        ("9999", 9999),
    ],
)
def test_one_item_is_clearly_meant(titles: Titles, text: str, item: int) -> None:
    assert titles.the_one(text).item == item


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("sabrina", {7, 915}),
        ("star wars", {260, 1196}),
        ("300", {300, 51662}),  # an identifier, and a title
    ],
)
def test_several_items_are_shown_not_guessed(
    titles: Titles, text: str, candidates: set[int]
) -> None:
    with pytest.raises(AmbiguousError, match=r"could be any of 2 items.*give the id") as caught:
        titles.the_one(text)
    best = max(one.score for one in caught.value.matches)
    assert {one.item for one in caught.value.matches if one.score > best - 5} == candidates


def test_a_short_title_is_not_found_inside_a_longer_question(titles: Titles) -> None:
    assert 1350 not in {one.item for one in titles.search("star wars")}


@pytest.mark.parametrize("text", ["zzzzqq", "", "!!!", "()"])
def test_a_title_that_matches_nothing_says_what_to_give(titles: Titles, text: str) -> None:
    with pytest.raises(AmbiguousError, match="no title is like it") as caught:
        titles.the_one(text)
    assert caught.value.matches == ()


def test_a_poor_match_is_shown_with_its_score(titles: Titles) -> None:
    with pytest.raises(AmbiguousError, match="not near enough to guess") as caught:
        titles.the_one("florist dump")
    assert caught.value.matches[0].item == 356
    assert 60 <= caught.value.matches[0].score < 85


@pytest.mark.parametrize(
    "items", [None, pd.DataFrame({Columns.ITEM: ["a", "b"], "genre": ["x", "y"]})]
)
def test_items_without_titles_are_found_by_identifier_only(items: pd.DataFrame | None) -> None:
    titles = Titles(pd.Index(["a", "b"]), items)
    assert titles.the_one("b").item == "b"
    assert titles.title("b") is None
    assert titles.label("b") == "b"
    with pytest.raises(AmbiguousError, match="no such item, and this data has no titles"):
        titles.the_one("forrest gump")


def test_negative_identifiers_are_identifiers() -> None:
    titles = Titles(pd.Index([-(2**62), 5]), None)
    assert titles.the_one(str(-(2**62))).item == -(2**62)
    with pytest.raises(AmbiguousError):
        titles.the_one("9" * 30)
