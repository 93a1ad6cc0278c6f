"""Planted rows are set aside for the right reason; Great Expectations and our rules agree."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from expectations.arrivals import Arrival
from expectations.quarantine import quarantine
from expectations.verdict import Verdict
from onstage.contracts import TABLES
from onstage.data.quality import Limits
from onstage.data.rules import faults
from onstage.data.tables import read_table
from tests.integration.expectations_batches import (
    CLOCK,
    CONFIG,
    NOW,
    START,
    Tables,
    arrivals_in,
    clean,
    judged,
)


pytestmark = pytest.mark.integration

Plant = Callable[[Tables, int], int]
"""Spoils a row (of the number given, if it can) and returns the number of the spoilt row."""


def cell(table: str, column: str, value: object) -> Plant:
    def plant(tables: Tables, row: int) -> int:
        tables[table].loc[row, column] = value  # type: ignore[call-overload]
        return row

    return plant


def again(table: str) -> Plant:
    def plant(tables: Tables, row: int) -> int:
        tables[table] = pd.concat([tables[table], tables[table].iloc[[row]]], ignore_index=True)
        return len(tables[table]) - 1

    return plant


def at(text: str) -> Plant:
    """Move an interaction in time, and put its item on stage then."""

    def plant(tables: Tables, row: int) -> int:
        start, log = pd.Timestamp(text), tables["interactions"]
        log.loc[row, ["timestamp", "ends_at"]] = [start, start + pd.Timedelta(seconds=60)]
        item = log.loc[row, "item_id"]
        midnight, later = pd.Timestamp("2024-03-05T00:00:00Z"), pd.Timestamp("2040-01-01T00:00:00Z")
        more = {
            "item_id": [item],
            "starts": [midnight],
            "ends": [later],
        }
        if start > midnight:
            tables["windows"] = pd.concat(
                [tables["windows"], pd.DataFrame(more)], ignore_index=True
            )
        return row

    return plant


def ends_when_it_starts(tables: Tables, row: int) -> int:
    log = tables["interactions"]
    log.loc[row, "ends_at"] = log.loc[row, "timestamp"]
    return row


def at_night(tables: Tables, row: int) -> int:
    start = START + pd.Timedelta(hours=3, seconds=row)
    end = start + pd.Timedelta(seconds=9)
    tables["interactions"].loc[row, ["timestamp", "ends_at"]] = [start, end]
    return row


def closes_when_it_opens(tables: Tables, row: int) -> int:
    """A window of an item nobody watches."""
    more = {"item_id": ["nobody"], "starts": [START], "ends": [START]}
    tables["windows"] = pd.concat([tables["windows"], pd.DataFrame(more)], ignore_index=True)
    return len(tables["windows"]) - 1


DEFECTS: dict[str, tuple[Plant, str, str]] = {
    "no user": (cell("interactions", "user_id", None), "interactions", "null_user"),
    "no item": (cell("interactions", "item_id", None), "interactions", "null_item"),
    "no time": (cell("interactions", "timestamp", None), "interactions", "null_time"),
    "no end": (cell("interactions", "ends_at", None), "interactions", "null_end"),
    "no weight": (cell("interactions", "weight", None), "interactions", "null_weight"),
    "same key twice": (again("interactions"), "interactions", "duplicate"),
    "ends when it starts": (ends_when_it_starts, "interactions", "ends_before_start"),
    "no duration": (cell("interactions", "duration_seconds", 0.0), "interactions", "bad_duration"),
    "endless": (cell("interactions", "duration_seconds", 4e6), "interactions", "bad_duration"),
    "in the future": (at("2024-03-05T02:00:00Z"), "interactions", "future_time"),
    "unknown event": (cell("interactions", "event", "SHOUT"), "interactions", "unknown_event"),
    "negative weight": (cell("interactions", "weight", -1.0), "interactions", "bad_weight"),
    "infinite weight": (cell("interactions", "weight", np.inf), "interactions", "bad_weight"),
    "nobody on stage": (at_night, "interactions", "outside_window"),
    "item without an id": (cell("items", "item_id", None), "items", "null_item"),
    "item twice": (again("items"), "items", "duplicate"),
    "window that is none": (closes_when_it_opens, "windows", "ends_before_start"),
    "relation twice": (again("relations"), "relations", "duplicate"),
    "negative count": (cell("relations", "views", -2), "relations", "negative_count"),
}


class Spoilt(NamedTuple):
    """One batch with every defect once, each in a row of its own, and the folder it is in."""

    verdict: Verdict
    arrivals: dict[str, Arrival]
    rows: dict[str, int]
    folder: Path


def with_every_defect() -> tuple[Tables, dict[str, int]]:
    tables = clean()
    tables["interactions"] = tables["interactions"].astype({"user_id": "Int64"})
    unwatched = pd.DataFrame({"item_id": ["nobody"] * 10, "title": "x"})
    unwatched["item_id"] += unwatched.index.astype(str)
    tables["items"] = pd.concat([tables["items"], unwatched], ignore_index=True)
    rows = {
        name: plant(tables, 20 + i if table != "items" else 12 + i)
        for i, (name, (plant, table, _)) in enumerate(DEFECTS.items())
    }
    return tables, rows


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Spoilt:
    tables, rows = with_every_defect()
    folder = tmp_path_factory.mktemp("spoilt")
    verdict = judged(tables, folder, result_format="COMPLETE")
    return Spoilt(verdict, arrivals_in(folder / "in", Limits.of(CONFIG, CLOCK, NOW)), rows, folder)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_row_is_set_aside_for_its_reason(defect: str, spoilt: Spoilt) -> None:
    verdict, rows = spoilt.verdict, spoilt.rows
    _, table, reason = DEFECTS[defect]
    aside = quarantine(verdict.sortings).set_index(["table", "row"])["reasons"]
    assert aside[table, rows[defect]] == reason


def test_nothing_but_the_planted_rows_is_set_aside(
    spoilt: Spoilt,
) -> None:
    verdict, arrivals, rows = spoilt.verdict, spoilt.arrivals, spoilt.rows
    assert len(quarantine(verdict.sortings)) == len(DEFECTS) == len(rows)
    for name in TABLES:
        table = read_table(spoilt.folder / "out", name)
        assert table is not None
        planted = sum(1 for _, where, _ in DEFECTS.values() if where == name)
        assert len(table) == len(arrivals[name].table) - planted


def test_the_rows_great_expectations_lists_are_the_rows_our_rules_mark(
    spoilt: Spoilt,
) -> None:
    verdict, arrivals = spoilt.verdict, spoilt.arrivals
    limits = Limits.of(CONFIG, CLOCK, NOW)
    compared = set()
    for outcome in verdict.outcomes:
        if outcome.stage != "incoming" or outcome.scope != "rows" or not outcome.critical:
            continue
        name, reason = outcome.table, outcome.check.split("[")[0]
        masks = faults(name, arrivals[name].frame, limits)
        ours = set(np.flatnonzero(masks.get(reason, np.zeros(0, dtype=bool))).tolist())
        theirs = set(outcome.rows)
        if reason == "duplicate":  # they list every copy, we keep the first
            assert len(theirs) == 2 * len(ours)
            assert ours <= theirs
        else:
            assert ours == theirs, (name, reason)
        assert outcome.success is (not theirs)
        compared |= {(name, reason)} if theirs else set()
    assert compared == {(table, reason) for _, table, reason in DEFECTS.values()}


def test_what_is_accepted_of_a_spoilt_batch_holds_every_critical_expectation(
    spoilt: Spoilt,
) -> None:
    report, outcomes = spoilt.verdict.report, spoilt.verdict.outcomes
    after = [o for o in outcomes if o.stage == "accepted"]
    assert {o.table for o in after} == set(TABLES)
    assert all(o.success for o in after)
    assert (len(report.failed), report.failures > 10) == (10, True)
    assert all(len(check.examples) <= 5 for check in report.failed)


def test_1970_is_found_in_a_log_without_windows(tmp_path: Path) -> None:
    tables = clean()
    del tables["windows"]
    at("1970-01-01T00:00:00Z")(tables | {"windows": pd.DataFrame()}, 8)
    assert judged(tables, tmp_path).report.quarantined == {"interactions": {"absurd_time": 1}}


def test_a_row_with_two_faults_has_both_reasons(tmp_path: Path) -> None:
    tables = clean()
    tables["interactions"].loc[8, "weight"] = -1.0
    tables["interactions"].loc[8, "event"] = "SHOUT"
    verdict = judged(tables, tmp_path)
    assert verdict.report.quarantined == {"interactions": {"bad_weight": 1, "unknown_event": 1}}
    assert verdict.report.rows_quarantined["interactions"] == 1
    assert quarantine(verdict.sortings)["reasons"].tolist() == ["bad_weight;unknown_event"]
