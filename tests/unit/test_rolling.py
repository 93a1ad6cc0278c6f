"""Rolling origins as arithmetic: tables as they stood, and means over origins."""

import math

import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.earlier import earlier
from onstage.errors import SplitError
from onstage.evaluation.rolling import ORIGIN, over_origins
from onstage.splitting.build import cut_of, holdouts
from onstage.splitting.protocol import LiveProtocol, TemporalProtocol
from onstage.testing.examples import STEPS, crowd


def watches(*rows: tuple[int, int]) -> pd.DataFrame:
    """Rows of (start, stop) in hours, with durations in seconds."""
    table = pd.DataFrame(rows, columns=[Columns.TIME, Columns.ENDS_AT])
    lasted = (table[Columns.ENDS_AT] - table[Columns.TIME]) * 3600.0
    return table.assign(**{Columns.USER: 1, Columns.ITEM: 7, Columns.DURATION: lasted})


def test_what_ran_when_the_log_was_cut_ends_there_and_so_does_its_duration() -> None:
    seen = earlier(watches((0, 4), (8, 15), (10, 11), (12, 13)), "interactions", STEPS, 10)
    assert seen[Columns.ENDS_AT].to_list() == [4, 10]  # the third begins at the cut: it is gone
    assert seen[Columns.DURATION].to_list() == [4 * 3600, 2 * 3600]


def test_a_window_is_cut_and_a_catalogue_is_not() -> None:
    windows = pd.DataFrame({Columns.ITEM: [1, 2], Columns.STARTS: [0, 9], Columns.ENDS: [5, 12]})
    assert earlier(windows, "windows", STEPS, 10)[Columns.ENDS].to_list() == [5, 10]
    items = pd.DataFrame({Columns.ITEM: [1, 2]})
    assert earlier(items, "items", STEPS, 10) is items


def test_instants_keep_their_zone_and_unit_when_they_are_cut() -> None:
    at = pd.to_datetime(["2026-11-01T10:00Z"]).as_unit("us")
    table = pd.DataFrame({Columns.TIME: at, Columns.ENDS_AT: at + pd.Timedelta(hours=5)})
    until = Clock().parse("2026-11-01T12:00:00Z")
    seen = earlier(table, "interactions", Clock(), until)
    assert seen[Columns.ENDS_AT].dtype == table[Columns.ENDS_AT].dtype
    assert seen[Columns.ENDS_AT][0].isoformat() == "2026-11-01T12:00:00+00:00"


@pytest.mark.parametrize(
    "protocol",
    [
        TemporalProtocol(),
        TemporalProtocol(test_days=0.3, validation_days=0.3),
        LiveProtocol(part_steps=8, part_step_seconds=3600),
    ],
)
def test_nothing_is_asked_before_the_cut_and_nothing_trained_on_after_it(
    protocol: TemporalProtocol | LiveProtocol,
) -> None:
    data = crowd(3, rows=400, hours=60)
    cut = cut_of(protocol, data)
    exam = holdouts(protocol, data, AvailabilityIndex.from_interactions(data)).test
    assert exam.requests.times.min() >= cut
    assert exam.train.time.max() < cut


def test_the_mean_over_origins_counts_each_origin_once() -> None:
    rows = pd.DataFrame(
        [(0, "als", 0.5), (1, "als", 0.1), (0, "ease", 0.2), (1, "ease", 0.2), (0, "new", 0.1)],
        columns=[ORIGIN, Columns.MODEL, Columns.VALUE],
    )
    table = over_origins(rows).set_index(Columns.MODEL)
    assert table.index.to_list() == ["als", "ease", "new"]
    assert table["mean"].to_list() == pytest.approx([0.3, 0.2, 0.1])
    assert table["spread"]["als"] == pytest.approx(0.4 / math.sqrt(2))  # sqrt(2 * 0.2 ** 2 / 1)
    assert math.isnan(table["spread"]["new"])  # one origin has none
    assert table["first"].to_list() == [1, 1, 0]


def test_an_empty_log_has_no_cut() -> None:
    data = crowd(3)
    nothing = data.where(data.time < 0)
    for protocol in (LiveProtocol(), TemporalProtocol()):
        with pytest.raises(SplitError, match="the log has no rows"):
            cut_of(protocol, nothing)
