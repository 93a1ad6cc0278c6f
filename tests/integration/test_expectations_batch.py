"""Defects of a batch as a whole refuse it, for the right reason and in one line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.data.tables import read_table
from onstage.errors import ValidationError
from tests.integration.expectations_batches import (
    CONFIG,
    START,
    Tables,
    baseline,
    clean,
    judged,
    refusals,
)


pytestmark = pytest.mark.integration


def test_a_clean_batch_passes_against_the_one_before(tmp_path: Path) -> None:
    report = judged(clean(), tmp_path, baseline()).report
    assert report.passed
    assert (report.failures, report.quarantined, report.skipped) == (0, {}, ())
    assert report.accepted == report.incoming == {n: len(t) for n, t in clean().items()}
    report.raise_if_failed()


@pytest.mark.parametrize(
    ("gap", "n", "config", "reason"),
    [(60, 60, {}, "robot_rhythm"), (7, 500, {"max_daily_interactions": 400}, "robot_pace")],
)
def test_a_robot_is_set_aside_with_all_it_did(
    gap: int, n: int, config: dict[str, int], reason: str, tmp_path: Path
) -> None:
    tables = clean()
    start = START + pd.Timedelta(hours=11)
    jitter = np.random.default_rng(1).integers(0, 1 if n == 60 else 6, n)
    at = pd.Series(start + pd.to_timedelta(np.arange(n) * gap + jitter, unit="s"))
    robot = tables["interactions"].iloc[[0] * n].reset_index(drop=True)
    robot = robot.assign(user_id=99, timestamp=at, ends_at=at + pd.Timedelta(seconds=5))
    tables["interactions"] = pd.concat([tables["interactions"], robot], ignore_index=True)
    report = judged(tables, tmp_path, config=CONFIG.model_copy(update=config)).report
    assert report.quarantined == {"interactions": {reason: n}}
    assert refusals(report) == ["batch.interactions_quarantined"]  # n of 1,200 is more than 1 %


def lose_rows(tables: Tables) -> None:
    log = tables["interactions"]
    last = log["timestamp"] >= START + pd.Timedelta(days=3)
    tables["interactions"] = log[~last | (log.index % 25 == 0)].reset_index(drop=True)
    tables["interactions"].loc[len(tables["interactions"]) - 1, ["timestamp", "ends_at"]] = [
        START + pd.Timedelta(days=3, hours=21, minutes=50),
        START + pd.Timedelta(days=3, hours=21, minutes=59),
    ]


def lose_users(tables: Tables) -> None:
    log = tables["interactions"]
    last = log["timestamp"] >= START + pd.Timedelta(days=3)
    log["user_id"] = log["user_id"].where(~last, np.where(log.index % 2, 1, 2))


def multiply_rows(tables: Tables) -> None:
    log = tables["interactions"]
    last = log[log["timestamp"] >= START + pd.Timedelta(days=3)]
    more = [last.assign(timestamp=last["timestamp"] + k * pd.Timedelta("1us")) for k in range(1, 8)]
    tables["interactions"] = pd.concat([log, *more], ignore_index=True)


def lose_the_past(tables: Tables) -> None:
    log = tables["interactions"]
    tables["interactions"] = log[log["timestamp"] >= START + pd.Timedelta(days=3)].reset_index(
        drop=True
    )


def end_early(tables: Tables) -> None:
    log = tables["interactions"]
    tables["interactions"] = log[log["timestamp"] < START + pd.Timedelta(days=1)].reset_index(
        drop=True
    )


def drop_column(table: str, column: str) -> Callable[[Tables], None]:
    def plant(tables: Tables) -> None:
        tables[table] = tables[table].drop(columns=column)

    return plant


def change_type(table: str, column: str) -> Callable[[Tables], None]:
    def plant(tables: Tables) -> None:
        tables[table][column] = tables[table][column].astype("str")

    return plant


def make_items_integers(tables: Tables) -> None:
    tables["windows"]["item_id"] = tables["windows"]["item_id"].str[1:].astype("int64")


BATCH_DEFECTS = {
    "volume drop": (lose_rows, "batch.daily_rows_low"),
    "users collapse": (lose_users, "batch.daily_users_low"),
    "volume explosion": (multiply_rows, "batch.daily_rows_high"),
    "history lost": (lose_the_past, "batch.total_rows"),
    "truncated export": (end_early, "batch.days_older"),
    "optional column lost": (drop_column("interactions", "ends_at"), "batch.lost_columns"),
    "required column lost": (
        drop_column("interactions", "timestamp"),
        "interactions.has_timestamp",
    ),
    "window end lost": (drop_column("windows", "ends"), "windows.has_ends"),
    "time as text": (change_type("interactions", "timestamp"), "interactions.type_timestamp"),
    "weight as text": (change_type("interactions", "weight"), "interactions.type_weight"),
    "other kind of id": (make_items_integers, "windows.type_item_id"),
    "no rows": (
        lambda tables: tables.update(interactions=tables["interactions"].iloc[:0]),
        "interactions.not_empty",
    ),
}


@pytest.mark.parametrize("defect", BATCH_DEFECTS)
def test_a_batch_with_a_defect_of_the_whole_is_refused_for_its_reason(
    defect: str, tmp_path: Path
) -> None:
    plant, reason = BATCH_DEFECTS[defect]
    tables = clean()
    plant(tables)
    report = judged(tables, tmp_path, baseline()).report
    assert not report.passed
    assert reason in refusals(report)
    with pytest.raises(ValidationError) as caught:
        report.raise_if_failed("store/validate-1")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 500
    assert "see store/validate-1/validation.html" in message


def test_above_the_tolerance_the_message_says_how_many_and_what_to_do(tmp_path: Path) -> None:
    tables = clean()
    tables["interactions"].loc[:119, "weight"] = -1.0
    report = judged(tables, tmp_path).report
    rows = len(tables["interactions"])
    told = rf"{120 / rows:.1%} of {rows} rows \(bad_weight 120\).*raise validation\.max_quarantined"
    with pytest.raises(ValidationError, match=told):
        report.raise_if_failed()
    lax = CONFIG.model_copy(update={"max_quarantined": 0.2})
    assert judged(tables, tmp_path, config=lax).report.passed


def test_a_log_that_was_delivered_twice_is_refused_and_a_few_copies_are_not(tmp_path: Path) -> None:
    tables = clean()
    once = tables["interactions"]
    tables["interactions"] = pd.concat([once, once], ignore_index=True)
    assert refusals(judged(tables, tmp_path).report) == ["batch.interactions_duplicates"]
    tables["interactions"] = pd.concat([once, once.iloc[:30]], ignore_index=True)
    verdict = judged(tables, tmp_path)
    assert verdict.report.passed
    accepted = read_table(tmp_path / "out", "interactions")
    assert accepted is not None
    pd.testing.assert_frame_equal(accepted, once)
