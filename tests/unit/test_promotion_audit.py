import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.conditions import Promotion
from onstage.errors import StoreError
from onstage.evaluation.comparison import Difference
from onstage.registry.audit import Audit, Entry
from onstage.registry.promotion import CHAMPION, Standing, decide


MONDAY = datetime(2026, 11, 16, 3, tzinfo=UTC)


def entry(day: int, after: str, model: str = "onstage-demo") -> Entry:
    return Entry(time=MONDAY + timedelta(days=day), model=model, action="promoted", after=after)


def test_who_was_champion_is_answered_for_every_instant(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    for one in (entry(0, "1"), entry(2, "4"), entry(1, "9", model="onstage-other")):
        audit.append(one)
    answers = {
        MONDAY - timedelta(seconds=1): None,
        MONDAY: "1",
        MONDAY + timedelta(days=2, seconds=-1): "1",
        MONDAY + timedelta(days=2): "4",
        MONDAY + timedelta(days=99): "4",
    }
    assert {at: audit.champion_at("onstage-demo", at) for at in answers} == answers


@given(st.lists(st.sampled_from("123"), min_size=1, max_size=6))
def test_nothing_written_is_ever_changed_by_what_is_written_later(versions: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        audit = Audit(Path(folder) / "audit.jsonl")
        before = b""
        for day, version in enumerate(versions):
            audit.append(entry(day, version))
            now = audit.path.read_bytes()
            assert now.startswith(before)
            before = now
        assert [e.after for e in audit.entries("onstage-demo")] == versions


def test_a_line_torn_by_a_killed_process_costs_only_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.append(entry(0, "1"))
    with audit.path.open("a") as stream:
        stream.write('{"time": "2026-11-17T03:00:')
    audit.append(entry(2, "3"))
    with caplog.at_level(logging.WARNING):
        assert [e.after for e in audit.entries()] == ["1", "3"]
    assert "line 2 cannot be read" in caplog.text


def test_where_the_clock_went_back_the_order_of_the_audit_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Written on day 0, then by a clock that says day 5, then by one set right again: day 2."""
    audit = Audit(tmp_path / "audit.jsonl")
    with caplog.at_level(logging.WARNING):
        for one in (entry(0, "1"), entry(5, "2"), entry(2, "3"), entry(6, "4")):
            audit.append(one)
    assert "onstage-demo: the clock went back from 2026-11-21" in caplog.text
    assert caplog.text.count("went back") == 1
    answers = {0: "1", 2: "1", 4: "1", 5: "3", 6: "4"}  # v2 was replaced before anybody could ask
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        found = {
            day: audit.champion_at("onstage-demo", MONDAY + timedelta(days=day)) for day in answers
        }
    assert found == answers
    assert "the clock went back before 1 entries of onstage-demo; their order counts" in caplog.text
    assert [e.after for e in audit.entries()] == ["1", "2", "3", "4"]


def test_a_clock_that_went_back_in_one_model_says_nothing_about_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    with caplog.at_level(logging.WARNING):
        audit.append(entry(5, "1"))
        audit.append(entry(2, "7", model="onstage-other"))
    assert audit.champion_at("onstage-other", MONDAY + timedelta(days=2)) == "7"
    assert not caplog.text


def test_an_audit_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert Audit(tmp_path / "audit.jsonl").last("onstage-demo") is None


def test_an_audit_that_cannot_be_written_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, no folder")
    with pytest.raises(StoreError, match=r"audit .*home/audit\.jsonl: .*ONSTAGE_HOME"):
        Audit(tmp_path / "home" / "audit.jsonl").append(entry(0, "1"))


def test_a_decision_is_recorded_with_its_intervals_and_its_author(tmp_path: Path) -> None:
    gain = Difference(mean=0.02, low=0.01, high=0.03, n_events=513, n_users=300, p=0.001)
    nothing = Difference(float("nan"), float("nan"), float("nan"), n_events=0, n_users=0, p=1.0)
    als = Standing("als", {"algorithm": "als"}, "tuesday", version="8")
    ease = Standing("ease", {"algorithm": "ease"}, "monday", version="7")
    decision = decide(Promotion(), als, ease, {CHAMPION: gain, "popularity": nothing})
    audit = Audit(tmp_path / "audit.jsonl")
    audit.append(Entry.of("onstage-demo", decision, run_id="r1"))
    line = json.loads(audit.path.read_text(), parse_constant=pytest.fail)
    assert line["intervals"]["champion"] == {
        "mean": 0.02, "low": 0.01, "high": 0.03, "n_events": 513, "n_users": 300
    }  # fmt: skip
    assert line["intervals"]["popularity"]["low"] is None
    assert (line["action"], line["before"], line["after"]) == ("kept", "7", "7")
    assert line["who"]
    over, popularity, memory = line["conditions"]
    assert (over["kind"], over["passed"], over["low"], over["n"]) == ("champion", True, 0.01, 513)
    assert (popularity["judged"], popularity["value"]) == (False, None)
    assert memory["reason"] == "memory was not on the leaderboard"
    assert audit.last("onstage-demo") == Entry.model_validate(line)
