import json

import numpy as np
import pandas as pd
import pytest

from onstage.errors import ContractError
from onstage.reporting.occasions import occasion_table, occasions_markdown
from onstage.reporting.tables import (
    Cell,
    leaderboard_markdown,
    leaderboard_records,
    leaderboard_text,
    markdown_table,
    standings,
    text_table,
)


NAMES = ["model", "protocol", "group", "metric", "value", "low", "high", "n"]
ROWS = pd.DataFrame(
    [
        ("popularity", "live-B", "unseen", "ndcg_at_10", 0.10, 0.05, 0.15, 20),
        ("popularity", "live-B", "all", "ndcg_at_10", 0.15, 0.14, 0.16, 1420),
        ("als", "live-B", "all", "ndcg_at_10", 0.50, 0.48, 0.52, 1420),
        ("als", "live-B", "all", "coverage_at_10", 0.25, np.nan, np.nan, 1420),
        ("popularity", "live-B", "all", "hr_at_1", 0.04, 0.03, 0.05, 1420),
        ("bpr", "live-B", "all", "hr_at_1", 0.9, 0.9, 0.9, 1420),
        ("als", "live-A", "all", "ndcg_at_10", 0.40, 0.38, 0.42, 7),
    ],
    columns=NAMES,
)


def test_the_first_protocol_stands_first_and_its_models_by_the_primary_metric() -> None:
    made = standings(ROWS)
    assert [(s.protocol, s.group, s.n) for s in made] == [
        ("live-B", "all", 1420),
        ("live-B", "unseen", 20),
        ("live-A", "all", 7),
    ]
    assert made[0].metrics == ("ndcg_at_10", "hr_at_1", "coverage_at_10")
    assert [model for model, _ in made[0].rows] == ["als", "popularity", "bpr"]


def test_groups_with_numbers_stand_in_the_order_of_their_numbers() -> None:
    names = ["viewers:unknown", "viewers:10", "rep", "viewers:9", "unseen", "all"]
    rows = pd.concat([ROWS[:1].assign(group=name) for name in names])
    assert [s.group for s in standings(rows)] == [
        "all",
        "unseen",
        "rep",
        "viewers:9",
        "viewers:10",
        "viewers:unknown",
    ]


def test_a_number_comes_with_its_interval_where_it_has_one() -> None:
    assert str(Cell(0.5, 0.48, 0.52)) == "0.5000 [0.4800, 0.5200]"
    assert str(Cell(0.25)) == "0.2500"
    assert str(Cell()) == "-"


def test_the_markdown_of_a_small_board_is_this() -> None:
    board = leaderboard_markdown(ROWS[ROWS["protocol"] == "live-A"])
    assert board == (
        "**live-A, all: 7 events**\n\n"
        "| model | ndcg_at_10 |\n"
        "| :-- | --: |\n"
        "| als | 0.4000 [0.3800, 0.4200] |\n"
    )


def test_the_text_of_a_board_is_aligned() -> None:
    lines = leaderboard_text(ROWS, primary="hr_at_1", metrics=()).splitlines()
    start = lines.index("live-B, all: 1,420 events")
    assert lines[start + 1 : start + 6] == [
        "model                       hr_at_1",
        "----------  -----------------------",
        "bpr         0.9000 [0.9000, 0.9000]",
        "popularity  0.0400 [0.0300, 0.0500]",
        "als                               -",
    ]


def test_records_are_json_with_null_for_no_interval() -> None:
    records = leaderboard_records(ROWS)
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert list(records[0]) == NAMES
    assert records[3]["low"] is None
    assert records[2] == dict(zip(NAMES, ROWS.iloc[2], strict=True))
    assert all(type(record["n"]) is int for record in records)


def test_an_unknown_primary_metric_and_a_missing_column_are_named() -> None:
    with pytest.raises(ContractError, match="no metric 'auc'; there are coverage_at_10, hr_at_1"):
        standings(ROWS, primary="auc")
    with pytest.raises(ContractError, match="leaderboard: no column 'high'"):
        leaderboard_records(ROWS.drop(columns="high"))


def test_an_empty_leaderboard_has_no_tables() -> None:
    empty = ROWS.iloc[:0]
    assert standings(empty) == ()
    assert leaderboard_markdown(empty) == ""
    assert leaderboard_records(empty) == []


def test_names_cannot_break_out_of_a_cell() -> None:
    frame = pd.DataFrame({"model": ["a|b\n| c |", "[x](http://y)", "<b>\x1b[31m"]})
    lines = markdown_table(frame).splitlines()
    assert lines[2:] == ["| a\\|b?\\| c \\| |", "| [x]\\(http://y) |", "| \\<b>?[31m |"]
    assert text_table(frame).splitlines()[-1] == "<b>?[31m"


def test_the_spread_between_seeds_stands_beside_the_interval() -> None:
    base = {"protocol": "live-B", "group": "all", "metric": "ndcg_at_10", "n": 7}
    rows = pd.DataFrame(
        [
            {
                **base,
                "model": "als",
                "value": 0.5,
                "low": 0.4,
                "high": 0.6,
                "seeds": 3,
                "spread": 0.01,
            },
            {
                **base,
                "model": "memory",
                "value": 0.4,
                "low": 0.3,
                "high": 0.5,
                "seeds": 1,
                "spread": None,
            },
        ]
    )
    text = leaderboard_text(rows)
    assert "0.5000 [0.4000, 0.6000] ±0.0100" in text
    assert "0.4000 [0.3000, 0.5000]\n" in text
    records = leaderboard_records(rows)
    assert [(r["seeds"], r["spread"]) for r in records] == [(3, 0.01), (1, None)]


def test_occasions_stand_as_models_down_and_buckets_across() -> None:
    base = {"protocol": "live-C", "metric": "ndcg_at_10"}
    since = {**base, "occasion": "since_last_visit"}
    hour = {**base, "occasion": "hour_of_day", "model": "als"}
    rows = pd.DataFrame(
        [
            {**since, "model": "als", "bucket": "never", "value": 0.5, "n": 4},
            {**since, "model": "als", "bucket": "< 1 h", "value": 0.6, "n": 6},
            {**since, "model": "memory", "bucket": "< 1 h", "value": 0.9, "n": 6},
            {**since, "model": "memory", "bucket": "never", "value": 0.1, "n": 4},
            {**hour, "bucket": "00", "value": 0.2, "n": 1},
            {**hour, "bucket": "03", "value": 0.5, "n": 2},
            {**hour, "bucket": "21", "value": 0.7, "n": 5},
        ]
    )
    table = occasion_table(rows, "live-C", "since_last_visit")
    assert list(table.columns) == ["model", "< 1 h (6)", "never (4)"]
    # memory first: (6 x .9 + 4 x .1) / 10 = .58 against (6 x .6 + 4 x .5) / 10 = .56
    assert table.to_numpy().tolist() == [["memory", "0.900", "0.100"], ["als", "0.600", "0.500"]]
    hours = occasion_table(rows, "live-C", "hour_of_day")
    assert hours.to_numpy().tolist() == [["als", "0.400", "0.700"]]  # (.2 + 2 x .5) / 3
    assert list(hours.columns) == ["model", "00-04 h (3)", "20-24 h (5)"]
    assert "by hour of the day" in occasions_markdown(rows, "live-C")
    assert occasions_markdown(rows, "temporal") == ""
