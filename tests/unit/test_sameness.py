"""Two leaderboards are the same to the last digit, or it is said what differs by how much."""

import json
import math
import subprocess
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from flows.cli import main
from flows.commands import repro as repro_command
from onstage.errors import SourceError
from onstage.pipeline.repro.environment import code_digest, code_name, libraries
from onstage.pipeline.repro.repetition import Change, Repeated
from onstage.pipeline.repro.sameness import Difference, differences, without_slices


ROWS = pd.DataFrame(
    [
        ("memory", "temporal", "all", "ndcg_at_10", 0.1, 0.05, None, 9),
        ("memory", "temporal", "all", "coverage_at_10", 0.5, None, None, 9),
        ("ease", "temporal", "viewers:1", "ndcg_at_10", 0.2, 0.1, 0.3, 4),
    ],
    columns=["model", "protocol", "group", "metric", "value", "low", "high", "n"],
)


def test_the_same_rows_in_another_order_are_the_same() -> None:
    assert differences(ROWS, ROWS.iloc[::-1]) == []
    missing = ROWS.astype({"high": "float64"})  # None or nan: there is no number
    assert differences(ROWS, missing) == []


def test_the_last_digit_counts_and_values_stand_before_counts() -> None:
    other = ROWS.copy()
    other.loc[0, "value"] = math.nextafter(0.1, 1)
    other.loc[2, "n"] = 7
    found = differences(ROWS, other)
    assert [(d.column, d.was, d.now) for d in found] == [
        ("value", 0.1, math.nextafter(0.1, 1)),
        ("n", 4.0, 7.0),
    ]
    assert found[1].by == 3.0
    assert found[1].sentence == (
        "ease / temporal / viewers:1 / ndcg_at_10: n was 4.0, is 7.0, by 3"
    )
    assert found[0].by == pytest.approx(1.4e-17, rel=0.01)


def test_among_values_the_largest_difference_of_all_viewers_stands_first() -> None:
    other = ROWS.assign(value=[0.2, 0.9, 1.0])  # by .1, by .4, and by .8 for a kind of viewers
    assert [d.was for d in differences(ROWS, other)] == [0.5, 0.1, 0.2]


def test_a_row_that_is_new_or_gone_is_a_difference() -> None:
    found = differences(ROWS, ROWS.iloc[1:])
    assert [d.sentence for d in found] == [
        "memory / temporal / all / ndcg_at_10: row was there, is missing"
    ]
    assert differences(ROWS.iloc[1:], ROWS)[0].was == "missing"


def test_kinds_of_viewers_can_be_left_out() -> None:
    assert len(without_slices(ROWS)) == 2


def test_code_and_libraries_have_names() -> None:
    assert len(code_digest()) == 64
    assert code_name()[0].isdigit()
    known = libraries()
    assert known["numpy"] == __import__("numpy").__version__
    assert "ruff" not in known  # a tool: no result depends on it


DIFFERENT = Repeated(
    run="abc",
    changes=(Change(what="code", was="0.1+a", now="0.1+b-dirty"),),
    rows=3,
    differences=(Difference(row="memory", column="value", was=0.25, now=0.5),),
    artefacts=(),
)
SAME = Repeated(run="abc", changes=(), rows=3, differences=(), artefacts=())


@pytest.mark.parametrize(("found", "status"), [(SAME, 0), (DIFFERENT, 1)])
def test_the_status_says_whether_it_is_the_same(
    monkeypatch: pytest.MonkeyPatch, found: Repeated, status: int
) -> None:
    monkeypatch.setattr(repro_command, "repeated", lambda *_: found)
    result = CliRunner().invoke(main, ["repro", "abc"])
    assert result.exit_code == status
    told = json.loads(CliRunner().invoke(main, ["repro", "abc", "--json"]).stdout)
    assert told["same"] == (status == 0)
    assert told["rows"] == 3


def test_what_it_was_made_from_is_said_before_what_came_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repro_command, "repeated", lambda *_: DIFFERENT)
    lines = CliRunner().invoke(main, ["repro", "abc"]).stdout.splitlines()
    assert lines == [
        "code: was 0.1+a, is 0.1+b-dirty",
        "memory: value was 0.25, is 0.5, by 0.25",
        "run abc: DIFFERS: 1 numbers in 3 rows of the leaderboard, 0 artefacts",
    ]


def test_what_cannot_be_repeated_ends_with_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> Repeated:
        message = "interactions: no file log.csv"
        raise SourceError(message)

    monkeypatch.setattr(repro_command, "repeated", gone)
    result = CliRunner().invoke(main, ["repro", "abc"])
    assert result.exit_code == 2
    assert result.stderr == "onstage: cannot repeat abc: interactions: no file log.csv\n"


def test_code_in_a_checkout_is_named_with_its_commit() -> None:
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("this is no checkout: a released package is named with its version alone")
    words = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    assert code_name().removesuffix("-dirty") == f"{version('onstage')}+{commit}"
