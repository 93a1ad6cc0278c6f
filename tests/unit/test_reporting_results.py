import math

import pandas as pd
import pytest

from onstage.reporting.results import Comparison, DatasetResult, render_results, render_section
from onstage.reporting.tables import LEADERBOARD, Cell


BOARD = pd.DataFrame(
    [("als", "temporal", "all", "ndcg_at_10", 0.2, 0.18, 0.22, 100)],
    columns=list(LEADERBOARD.required),
)


def against(low: float, high: float, baseline: str = "popularity") -> Comparison:
    return Comparison("als", baseline, "temporal", Cell((low + high) / 2, low, high), 100)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.03, "`als` beats `popularity`"),
        (-0.01, 0.03, "`als` does not beat (the interval contains 0) `popularity`"),
        (0.0, 0.03, "`als` does not beat (the interval contains 0) `popularity`"),
        (-0.03, -0.01, "`als` does not beat, and is worse than, `popularity`"),
        (math.nan, math.nan, "`als` is not shown to beat (no interval) `popularity`"),
    ],
)
def test_only_an_interval_above_zero_beats(low: float, high: float, words: str) -> None:
    assert words in against(low, high).sentence


def test_the_sentence_has_metric_protocol_difference_and_events() -> None:
    assert against(0.01, 0.03).sentence == (
        "`als` beats `popularity` in ndcg@10 under temporal: difference "
        "+0.0200 [+0.0100, +0.0300] over 100 events."
    )


def test_a_section_has_its_sentences_before_its_tables() -> None:
    result = DatasetResult("deskdrop", BOARD, "als", (against(-0.01, 0.03),), "72,312 rows.", "x y")
    text = render_section(result)
    assert text.startswith("## deskdrop\n\n72,312 rows.\n\nMade by `x y`.\n\n- Champion: `als`.\n")
    assert text.index("does not beat") < text.index("| model | ndcg_at_10 |")
    assert text.endswith("| als | 0.2000 [0.1800, 0.2200] |\n")


def test_what_was_not_compared_is_not_claimed() -> None:
    section = render_section(DatasetResult("d", BOARD, "als", (against(0.1, 0.2, "memory"),)))
    assert "No paired comparison with popularity was made" in section
    assert "No champion was chosen." in render_section(DatasetResult("d", BOARD))
    alone = render_section(DatasetResult("d", BOARD.iloc[:0], "popularity"))
    assert "The champion is popularity itself" in alone
    assert "No model was evaluated." in alone


def test_the_page_says_what_made_it_and_keeps_the_order() -> None:
    page = render_results([DatasetResult("b", BOARD), DatasetResult("a", BOARD)])
    assert page.startswith("# Results\n\nMade by `make results`;")
    assert "95% interval" in page
    assert "`hr_at_1` is the reward" in page
    assert page.index("## b") < page.index("## a")
