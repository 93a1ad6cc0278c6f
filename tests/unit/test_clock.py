import pandas as pd
import pytest

from onstage.data.clock import Clock
from onstage.errors import ConfigError, ContractError


STEPS = Clock(kind="step", step_seconds=600)


def test_a_utc_instant_survives_the_round_trip() -> None:
    times = pd.Series(
        [pd.Timestamp("2024-06-01T20:00:00.000001Z"), pd.Timestamp("1999-12-31T23:59:59Z")]
    )
    ticks = Clock().ticks(times)
    assert ticks[0] == Clock().parse("2024-06-01T22:00:00.000001+02:00")
    pd.testing.assert_series_equal(Clock().times(ticks), times.dt.as_unit("us"))


def test_a_step_stays_a_step_and_has_a_length() -> None:
    assert STEPS.ticks(pd.Series([5, 7])).tolist() == [5, 7]
    assert STEPS.span(days=1) == 24 * 6
    assert STEPS.seconds(3) == 1800
    assert STEPS.render(9) == "step 9"


@pytest.mark.parametrize(
    ("clock", "text", "remedy"),
    [
        (STEPS, "noon", "give an integer"),
        (Clock(), "noon", "expected ISO 8601"),
        (Clock(), "2024-06-01T20:00:00", "no time zone"),
    ],
)
def test_a_time_that_cannot_be_read_says_how_to_write_it(
    clock: Clock, text: str, remedy: str
) -> None:
    with pytest.raises(ConfigError, match=remedy):
        clock.parse(text)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ContractError, match="timezone-aware"):
        Clock().ticks(pd.Series(pd.to_datetime(["2024-06-01"])))


def test_steps_without_a_length_are_refused() -> None:
    with pytest.raises(ValueError, match="step_seconds is missing"):
        Clock(kind="step")
