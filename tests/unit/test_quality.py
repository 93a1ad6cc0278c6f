import pytest
from pydantic import ValidationError

from onstage.data.clock import Clock
from onstage.data.quality import Bounds, Limits, ValidationConfig
from onstage.errors import ConfigError


UTC = Clock()
STEP = Clock(kind="step", step_seconds=600)


def test_a_misspelt_tolerance_is_refused() -> None:
    with pytest.raises(ValidationError, match="max_quarantine"):
        ValidationConfig.model_validate({"max_quarantine": 0.1})


def test_a_list_of_no_known_events_is_refused() -> None:
    with pytest.raises(ValidationError, match="use null not to check them"):
        ValidationConfig(events=())


def test_a_fall_is_a_factor_below_one() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Bounds(low=1.5)


def test_1970_is_too_early_in_a_log_of_timestamps_and_step_0_is_not_in_a_log_of_steps() -> None:
    assert Limits.of(ValidationConfig(), UTC, None).earliest == UTC.parse("1995-01-01T00:00:00Z")
    assert Limits.of(ValidationConfig(), STEP, None).earliest == 0


def test_the_future_starts_an_hour_from_now() -> None:
    now = UTC.parse("2024-06-01T00:00:00Z")
    assert Limits.of(ValidationConfig(), UTC, now).latest == UTC.parse("2024-06-01T01:00:00Z")
    # an hour is 3600 / 600 = 6 steps
    assert Limits.of(ValidationConfig(), STEP, 100).latest == 106


def test_a_log_of_steps_has_no_future_until_somebody_says_what_step_it_is() -> None:
    assert Limits.of(ValidationConfig(), STEP, None).latest is None
    anything = ValidationConfig(future_tolerance_seconds=None)
    assert Limits.of(anything, UTC, 0).latest is None


def test_a_log_of_timestamps_has_the_machines_now() -> None:
    latest = Limits.of(ValidationConfig(), UTC, None).latest
    assert latest is not None
    assert latest > UTC.parse("2026-01-01T00:00:00Z")


def test_an_earliest_time_of_the_other_clock_names_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"validation\.earliest: .*counts steps"):
        Limits.of(ValidationConfig(earliest="2020-01-01T00:00:00Z"), STEP, None)
    with pytest.raises(ConfigError, match=r"validation\.earliest: .*no time zone"):
        Limits.of(ValidationConfig(earliest="2020-01-01T00:00:00"), UTC, None)
