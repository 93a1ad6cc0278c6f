"""What a validation leaves on disk, and what it does with files and suites that are no use."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from expectations.engine import Engine
from expectations.report import ValidationReport
from expectations.runner import validate
from expectations.suites import Suite
from onstage.data.profile import BatchProfile
from onstage.data.quality import Limits
from onstage.data.tables import read_table
from onstage.errors import ConfigError, ContractError
from tests.integration.expectations_batches import (
    CLOCK,
    CONFIG,
    NOW,
    arrivals_in,
    clean,
    judged,
    refusals,
    written,
)


pytestmark = pytest.mark.integration


def test_the_files_say_what_was_accepted_set_aside_and_why(tmp_path: Path) -> None:
    tables = clean()
    tables["interactions"].loc[5, "weight"] = -2.0
    tables["interactions"].loc[5, "event"] = "SHOUT"
    source = written(tables, tmp_path / "in")
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        report = validate(source, folder, CONFIG, CLOCK, baseline=None, now=NOW)
    assert ValidationReport.model_validate_json((folder / "validation.json").read_text()) == report
    accepted = read_table(folder, "interactions")
    assert accepted is not None
    expected = tables["interactions"].drop(index=5).reset_index(drop=True)
    pd.testing.assert_frame_equal(accepted, expected)
    profile = BatchProfile.model_validate_json((folder / "profile.json").read_text())
    assert profile.rows == len(expected)
    aside = pd.read_parquet(folder / report.quarantine)
    assert aside[["table", "row", "reasons"]].to_numpy().tolist() == [
        ["interactions", 5, "bad_weight;unknown_event"]
    ]
    values = json.loads(aside["values"][0])
    assert (values["weight"], values["event"]) == ("-2.0", "SHOUT")
    assert values["user_id"] == str(tables["interactions"].loc[5, "user_id"])
    digests = [
        {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in folders
    ]
    assert digests[0] == digests[1]
    assert {"interactions.parquet", "windows.parquet", "validation.html"} <= set(digests[0])
    assert (folder / report.docs).is_file()
    assert any("validations/interactions-incoming" in name for name in digests[0])


def test_the_offline_page_loads_nothing_from_afar_and_escapes_what_the_data_say(
    tmp_path: Path,
) -> None:
    tables = clean()
    tables["interactions"].loc[5, "event"] = "<script>alert(1)</script>"
    out = tmp_path / "out"
    out.mkdir()
    report = validate(written(tables, tmp_path / "in"), out, CONFIG, CLOCK, baseline=None, now=NOW)
    page = (out / report.page).read_text()
    assert "http" not in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "great-expectations-web-assets" not in (out / report.docs).read_text()


def test_a_table_that_breaks_its_contract_is_not_written(tmp_path: Path) -> None:
    tables = clean()
    del tables["windows"]["ends"]
    out = tmp_path / "out"
    out.mkdir()
    report = validate(written(tables, tmp_path / "in"), out, CONFIG, CLOCK, baseline=None, now=NOW)
    assert "windows" not in report.accepted
    assert not (out / "windows.parquet").exists()
    assert (out / "interactions.parquet").exists()
    why = {f"{s.table}.{s.check}": s.why for s in report.skipped}
    assert why["windows.null_end"] == "no column ends"


def test_a_folder_without_interactions_is_refused(tmp_path: Path) -> None:
    tables = clean()
    del tables["interactions"]
    report = judged(tables, tmp_path).report
    assert "interactions.has_user_id" in refusals(report)
    assert report.incoming["interactions"] == 0


def test_a_file_that_is_not_parquet_is_one_clear_error(tmp_path: Path) -> None:
    folder = written(clean(), tmp_path / "in")
    (folder / "items.parquet").write_text("item_id,title\n1,x\n")
    with pytest.raises(ContractError, match=r"items\.parquet: not a Parquet file"):
        arrivals_in(folder, Limits.of(CONFIG, CLOCK, NOW))


def test_an_expectation_that_is_unknown_is_not_dropped_in_silence() -> None:
    nonsense = {
        "type": "expect_column_values_to_be_jolly",
        "kwargs": {"column": "user_id"},
        "severity": "critical",
        "description": "Users are jolly.",
        "meta": {"check": "jolly", "scope": "rows"},
    }
    with pytest.raises(ConfigError, match="does not know 'expect_column_values_to_be_jolly'"):
        Engine().run(Suite("interactions", "", (nonsense,), ()), pd.DataFrame(), "incoming")
