"""The first sentence of the page says what happened, and claims no more."""

from dataclasses import replace

import pandas as pd

from onstage.reporting.boards import boards
from onstage.reporting.headline import headline, lead
from onstage.reporting.report import PromotionSummary, Report
from onstage.reporting.tables import LEADERBOARD


GAINS = pd.DataFrame(
    {
        "opponent": ["popularity", "memory", "champion"],
        "value": [0.5, 0.1, 0.02],
        "low": [0.4, 0.05, 0.01],
        "high": [0.6, 0.15, 0.03],
        "n": 1420,
    }
)
MADE = PromotionSummary(
    promoted=True,
    sentence="promoted v7: gained",
    reasons=("ndcg_at_10 gained too little", "as slow as a snail"),
    gains=GAINS,
    model="ranker",
    version="7",
    champion="ease",
    champion_version="3",
)


def test_a_promotion_says_by_how_much_the_champion_was_beaten() -> None:
    assert headline(replace(MADE, verdict="promoted")) == (
        "Promoted: ranker (v7) is the new champion, ndcg@10 +0.0200 [+0.0100, +0.0300] against the "
        "one before on the same 1,420 events."
    )


def test_a_first_champion_is_measured_against_the_strongest_baseline() -> None:
    first = replace(MADE, verdict="first", gains=GAINS[:2])
    assert headline(first) == (
        "ranker (v7) is the first champion: ndcg@10 +0.1000 [+0.0500, +0.1500] against memory, the "
        "strongest baseline, on the same 1,420 events."
    )


def test_a_champion_that_stays_is_named_with_the_first_reason() -> None:
    assert headline(replace(MADE, verdict="kept", promoted=False)) == (
        "Nothing changed: champion ease (v3) stays; ndcg@10 gained too little (1 more below)."
    )


def test_without_a_champion_none_is_named() -> None:
    nobody = replace(MADE, verdict="kept", promoted=False, champion="", champion_version="")
    assert headline(nobody).startswith("There is no champion yet: ndcg@10 gained")


def test_a_refreshed_champion_and_an_unknown_verdict_have_their_sentence() -> None:
    assert "the champion's own recipe" in headline(replace(MADE, verdict="refreshed"))
    assert headline(replace(MADE, verdict="")) == "Promoted v7: gained."
    assert headline(replace(MADE, verdict="first", gains=None)) == "Promoted v7: gained."


def told(p: float | None) -> str:
    rows = [
        ("ranker", "live-C", "all", "ndcg_at_10", 0.8, 0.7, 0.9, 513),
        ("ease", "live-C", "all", "ndcg_at_10", 0.75, 0.7, 0.8, 513),
    ]
    table = pd.DataFrame({"a": ["ranker"], "b": ["ease"], "p_holm": [p]})
    report = Report(
        title="t",
        leaderboard=pd.DataFrame(rows, columns=list(LEADERBOARD.required)),
        pairs={} if p is None else {("live-C", "all"): table},
    )
    return lead(report, boards(report)[0])


def test_a_lead_is_called_a_difference_only_below_the_level() -> None:
    head = "ranker leads under live-C: ndcg@10 0.8000 [0.7000, 0.9000] on 513 events; "
    assert told(0.0004) == (
        f"{head}ease is next, 0.0500 behind: a difference (p < 0.001 after Holm's correction for "
        "1 pair)."
    )
    assert "no certain difference (p = 0.050" in told(0.05)
    assert told(None) == f"{head}ease is next, 0.0500 behind."
