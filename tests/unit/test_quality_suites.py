import json
from pathlib import Path

import pytest

from expectations import suites
from expectations.suites import SUITES, columns_of, read_suite, suite_for
from onstage.data.quality import ValidationConfig
from onstage.data.rules import RULES
from onstage.errors import ConfigError


COLUMNS = {
    "interactions": ["user_id", "item_id", "timestamp"],
    "items": ["item_id"],
}


def parameters(**given: object) -> dict[str, object]:
    asked = {
        value["$PARAMETER"]
        for name in SUITES
        for e in read_suite(name)["expectations"]
        for value in e["kwargs"].values()
        if isinstance(value, dict)
    }
    return {**dict.fromkeys(asked), **given}


def row_checks(name: str) -> set[str]:
    return {
        e["meta"]["check"]
        for e in read_suite(name)["expectations"]
        if e["meta"]["scope"] == "rows" and e["severity"] == "critical"
    }


@pytest.mark.parametrize("name", ["interactions", "items", "windows", "relations"])
def test_every_rule_about_rows_has_an_expectation_of_the_same_name_and_the_reverse(
    name: str,
) -> None:
    copies = {"duplicate"} if name != "windows" else set()
    assert row_checks(name) == {rule.reason for rule in RULES if rule.table == name} | copies


@pytest.mark.parametrize("name", SUITES)
def test_every_expectation_says_what_should_be_true_and_what_to_do(name: str) -> None:
    for e in read_suite(name)["expectations"]:
        assert e["description"].endswith(".")
        assert e["severity"] in {"critical", "warning"}
        assert e["meta"]["scope"] in {"rows", "table"}
        assert e["meta"]["scope"] == "rows" or e["meta"]["remedy"]


def test_a_check_of_an_absent_column_is_left_out_on_the_record() -> None:
    suite = suite_for("interactions", COLUMNS["interactions"], parameters(earliest=0))
    asked = {column for e in suite.expectations for column in columns_of(e["kwargs"])}
    assert asked == {"user_id", "item_id", "timestamp"}
    why = {s.check: s.why for s in suite.skipped}
    assert why["ends_before_start"] == "no column ends_at"
    assert why["outside_window"] == "no column seconds_outside_window"
    assert "absurd_time" not in why


def test_a_check_without_a_limit_is_left_out_on_the_record() -> None:
    suite = suite_for("interactions", [*COLUMNS["interactions"], "event"], parameters())
    why = {s.check: s.why for s in suite.skipped}
    assert why["unknown_event"] == "not configured"
    assert why["future_time"] == "not configured"
    assert "null_user" not in why


def test_a_lost_required_column_is_still_asked_for() -> None:
    suite = suite_for("interactions", ["user_id", "item_id"], parameters())
    assert "has_timestamp" in {e["meta"]["check"] for e in suite.expectations}
    assert "null_time" in {s.check for s in suite.skipped}


def test_nothing_is_asked_of_the_values_of_a_column_of_the_wrong_type() -> None:
    suite = suite_for(
        "interactions",
        COLUMNS["interactions"],
        parameters(earliest=0, time_type="int64"),
        wrong=["timestamp"],
    )
    checks = {e["meta"]["check"] for e in suite.expectations}
    assert "type_timestamp" in checks
    assert not checks & {"null_time", "absurd_time", "duplicate"} - {"duplicate"}


def test_an_empty_table_is_asked_only_whether_it_is_empty() -> None:
    suite = suite_for("items", COLUMNS["items"], parameters(item_type="str"), empty=True)
    assert [e["meta"]["check"] for e in suite.expectations] == ["has_item_id", "not_empty"]


def test_one_expectation_is_made_for_each_count() -> None:
    suite = suite_for(
        "relations", ["user_id", "item_id", "likes", "coins"], parameters(count=["likes", "coins"])
    )
    made = {e["meta"]["check"]: e["kwargs"]["column"] for e in suite.expectations if "[" in str(e)}
    assert made["negative_count[likes]"] == "likes"
    assert made["negative_count[coins]"] == "coins"


def test_a_parameter_nobody_gives_names_the_suite_and_the_parameter() -> None:
    with pytest.raises(ConfigError, match=r"interactions\.json: parameter 'user_type' is unknown"):
        suite_for("interactions", COLUMNS["interactions"], {})


def test_a_broken_suite_file_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    (tmp_path / "items.json").write_text("{")
    with pytest.raises(ConfigError, match=r"items\.json: not a suite"):
        read_suite("items")
    twice = {"type": "t", "kwargs": {}, "meta": {"check": "a"}}
    (tmp_path / "items.json").write_text(json.dumps({"expectations": [twice, twice]}))
    with pytest.raises(ConfigError, match="two expectations are called 'a'"):
        read_suite("items")


@pytest.mark.parametrize("name", SUITES)
def test_the_page_lists_every_expectation_as_the_suite_states_it(name: str) -> None:
    page = (Path(suites.__file__).parents[1] / "docs" / "validation.md").read_text()
    for e in read_suite(name)["expectations"]:
        effect = "rows are set aside" if e["meta"]["scope"] == "rows" else "batch refused"
        row = [
            f"`{e['meta']['check']}`",
            e["description"],
            f"`{e['type']}`",
            "warning" if e["severity"] == "warning" else effect,
        ]
        assert f"| {' | '.join(row)} |" in page


def test_the_page_lists_every_tolerance() -> None:
    page = (Path(suites.__file__).parents[1] / "docs" / "validation.md").read_text()
    assert all(f"`{field}`" in page for field in ValidationConfig.model_fields)
