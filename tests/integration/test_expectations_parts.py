"""A log that is validated in parts of users comes to the same end as one that is taken whole."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from expectations.arrivals import INTERACTIONS, Batch
from expectations.engine import Engine
from expectations.parts import ROW, Cut
from expectations.quarantine import quarantine
from expectations.report import ValidationReport
from expectations.suites import judged_by_user
from expectations.verdict import Verdict, judge
from onstage.contracts import TABLES
from onstage.data.quality import Limits
from onstage.data.tables import write_table
from onstage.errors import ConfigError
from tests.integration.expectations_batches import CLOCK, CONFIG, NOW, Tables, baseline, clean
from tests.integration.test_expectations_rows import with_every_defect


pytestmark = pytest.mark.integration

FEW, WHOLE = 200, 10**6
"""Rows at once: a clean little platform has 1,200."""


def judged_in(folder: Path, source: Path, rows_at_once: int) -> Verdict:
    folder.mkdir()
    batch = Batch.of(source, Limits.of(CONFIG, CLOCK, NOW), rows_at_once)
    assert (batch.parts > 2) is (rows_at_once < WHOLE)
    return judge(Engine(), batch, folder, baseline())


def without_examples(report: ValidationReport) -> ValidationReport:
    failed = tuple(
        check.model_copy(update={"examples": tuple(sorted(check.examples))})
        for check in report.failed
    )
    return report.model_copy(update={"failed": failed})


def source_of(tables: Tables, folder: Path) -> Path:
    """The tables as ingest writes them."""
    folder.mkdir()
    for name, table in tables.items():
        write_table(table, folder, name)
    return folder


def named(tables: Tables) -> Tables:
    """The same with users of text."""
    log = tables["interactions"]
    users = log["user_id"].astype("string").where(log["user_id"].notna(), None)
    related = tables["relations"]["user_id"].astype("str")
    return tables | {
        "interactions": log.assign(user_id=users.astype("str")),
        "relations": tables["relations"].assign(user_id=related),
    }


@pytest.mark.parametrize("text", [False, True])
def test_parts_and_the_whole_come_to_the_same_end(text: bool, tmp_path: Path) -> None:
    tables, rows = with_every_defect()
    robots = pd.concat([tables["interactions"].iloc[[3]]] * 2100, ignore_index=True)
    robots["timestamp"] += pd.to_timedelta(np.arange(len(robots)), unit="s").as_unit("us")
    robots["ends_at"] = robots["timestamp"] + pd.Timedelta(seconds=60)
    tables["interactions"] = pd.concat([tables["interactions"], robots], ignore_index=True)
    source = source_of(named(tables) if text else tables, tmp_path / "in")
    whole = judged_in(tmp_path / "whole", source, WHOLE)
    parts = judged_in(tmp_path / "parts", source, FEW * 3)
    assert whole.report.quarantined["interactions"].keys() >= {"robot_pace", "duplicate"}
    for name in TABLES:
        one, other = (tmp_path / f / f"{name}.parquet" for f in ("whole", "parts"))
        assert one.read_bytes() == other.read_bytes(), name
    pd.testing.assert_frame_equal(quarantine(whole.sortings), quarantine(parts.sortings))
    assert len(quarantine(parts.sortings)) > len(rows)
    assert parts.profile == whole.profile
    assert without_examples(parts.report) == without_examples(whole.report)
    for one, other in zip(whole.outcomes, parts.outcomes, strict=True):
        assert (one.check, one.stage, one.unexpected) == (
            other.check,
            other.stage,
            other.unexpected,
        )
        assert one.share == pytest.approx(other.share)


def test_a_clean_log_in_parts_passes(tmp_path: Path) -> None:
    source = source_of(clean(), tmp_path / "in")
    verdict = judged_in(tmp_path / "out", source, FEW)
    assert (verdict.report.passed, verdict.report.failures) == (True, 0)
    ours, theirs = (folder / "interactions.parquet" for folder in (tmp_path / "out", source))
    assert ours.read_bytes() == theirs.read_bytes()


def test_parts_are_all_rows_once_and_divide_no_user(tmp_path: Path) -> None:
    tables, _ = with_every_defect()
    path = source_of(tables, tmp_path / "in") / "interactions.parquet"
    found = [part.to_pandas() for part in Cut.of(path, CLOCK, FEW).tables(tmp_path)]
    assert [bool(part[ROW].is_monotonic_increasing) for part in found] == [True] * len(found)
    assert max(len(part) for part in found) < 2 * FEW
    users = [set(part["user_id"].dropna()) for part in found]
    assert len(set.union(*users)) == sum(map(len, users))
    together = pd.concat(found).sort_values(ROW, ignore_index=True)
    assert together[ROW].tolist() == list(range(len(together)))
    expected = pq.read_table(path).to_pandas()
    pd.testing.assert_frame_equal(together.drop(columns=ROW), expected)


@pytest.mark.parametrize("user", [7, None])
def test_one_user_is_never_divided(user: int | None, tmp_path: Path) -> None:
    tables = clean()
    tables["interactions"]["user_id"] = pd.Series(
        [user] * len(tables["interactions"]), dtype="Int64"
    )
    path = source_of(tables, tmp_path / "in") / "interactions.parquet"
    assert Cut.of(path, CLOCK, FEW).bounds == ()


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("weight", pd.array([1, None] * 600, dtype="Int64")),
        ("user_id", np.arange(1200.0)),
        ("timestamp", np.arange(1200)),
        ("event", pd.Categorical(["VIEW"] * 1200)),
    ],
)
def test_a_log_whose_columns_must_be_settled_first_is_taken_whole(
    column: str, values: object, tmp_path: Path
) -> None:
    log = clean()["interactions"].iloc[:1200].assign(**{column: values})
    log.to_parquet(tmp_path / "interactions.parquet", index=False)
    assert Cut.of(tmp_path / "interactions.parquet", CLOCK, FEW).bounds == ()


def test_whole_numbers_without_a_gap_need_no_settling(tmp_path: Path) -> None:
    log = clean()["interactions"].assign(weight=1)
    write_table(log, tmp_path, INTERACTIONS)
    assert len(Cut.of(tmp_path / "interactions.parquet", CLOCK, FEW).bounds) == 5


def test_what_our_suite_asks_of_interactions_can_be_answered_in_parts() -> None:
    assert judged_by_user(INTERACTIONS)
    assert not judged_by_user("items")


def test_memory_that_does_not_suffice_for_a_part_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source_of(clean(), tmp_path / "in") / "interactions.parquet"
    cut = Cut.of(path, CLOCK, FEW)
    monkeypatch.setenv("ONSTAGE_MEMORY", "1KiB")
    with pytest.raises(ConfigError, match=r"give more with ONSTAGE_MEMORY"):
        list(cut.tables(tmp_path))
