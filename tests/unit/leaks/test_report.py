"""What was looked at, in one line; several leaks, in one error."""

from dataclasses import replace

import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.errors import LeakError
from onstage.evaluation.leaks.lint import lint_split
from onstage.evaluation.leaks.report import LeakReport, line
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdouts
from onstage.splitting.protocol import MaskedProtocol


def test_one_line_says_what_was_looked_at_and_which_split_is_random(
    log: Dataset, index: AvailabilityIndex
) -> None:
    exams = holdouts(MaskedProtocol(), log, index)
    findings = lint_split(exams, log, index)
    report = LeakReport(split={"masked": "random"}, findings={"masked": findings})
    rows = len(exams.test.train)
    assert line([report]) == (
        f"leaks: 6 checks of 1 models under masked passed: {rows} training rows, 0 answers "
        "without their future, 0 candidates counted anew; RANDOM SPLIT in masked: models see the "
        "future"
    )
    assert LeakReport.model_validate_json(report.model_dump_json()) == report


def test_a_leaderboard_without_reports_is_not_said_to_have_passed() -> None:
    assert line([]).startswith("leaks: nothing was checked")


def test_several_leaks_are_one_error(
    log: Dataset, live: Holdouts, index: AvailabilityIndex
) -> None:
    leaky = replace(live, test=replace(live.test, train=log))
    findings = lint_split(leaky, log, index)
    report = LeakReport(split={"live-C": "time"}, findings={"live-C": findings})
    with pytest.raises(LeakError, match=r"\(and 1 more checks failed\)$"):
        report.raise_if_leaking("memory")
