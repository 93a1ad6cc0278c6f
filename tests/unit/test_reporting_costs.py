"""Costs against quality: names that can be read, and the models worth their price."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from onstage.reporting.cost_plots import cost_plot, frontier
from onstage.reporting.formats import duration, milliseconds, size
from onstage.reporting.labels import Box, placed


FRAME = Box(0, 0, 480, 360)


def check(points: NDArray[np.float64], sizes: NDArray[np.float64]) -> None:
    boxes = placed(points, sizes, FRAME)
    assert all(box.within(FRAME) for box in boxes)
    assert not any(a.meets(b) for at, a in enumerate(boxes) for b in boxes[:at])
    assert not any(
        box.left < x < box.right and box.bottom < y < box.top for box in boxes for x, y in points
    )
    measured = [(box.right - box.left, box.top - box.bottom) for box in boxes]
    np.testing.assert_allclose(measured, sizes)


def test_names_of_fifteen_equal_points_do_not_meet() -> None:
    check(np.full((15, 2), 240.0), np.tile([90.0, 14.0], (15, 1)))


def test_names_of_points_in_the_corners_stay_inside() -> None:
    corners = np.array([[0.0, 0.0], [480, 0], [0, 360], [480, 360]])
    check(corners, np.tile([150.0, 14.0], (4, 1)))


@pytest.mark.parametrize("seed", range(5))
def test_names_of_points_at_random_do_not_meet(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = np.column_stack([rng.uniform(20, 140, 20), np.full(20, 13.0)])
    check(rng.uniform(0, 1, (20, 2)) * [480, 360], sizes)


def test_a_name_stands_right_of_its_point_where_nothing_is_in_the_way() -> None:
    (box,) = placed(np.array([[100.0, 100.0]]), np.array([[50.0, 12.0]]), FRAME, gap=6)
    assert (box.left, box.bottom, box.right, box.top) == (106, 94, 156, 106)


def test_names_in_a_drawing_do_not_meet_and_are_not_cut() -> None:
    names = [f"model({'x' * (at % 12)})" for at in range(15)]
    table = pd.DataFrame({"model": names, "value": 0.8, "fit_seconds": 2.0})
    table.loc[:3, "fit_seconds"] = [0.001, 100, 2.1, 2.2]
    figure = cost_plot(table, "fit_seconds", "seconds", metric="ndcg_at_10")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    texts = [text for text in axes.texts if text.get_text() in names]
    assert len(texts) == len(names)
    boxes = [Box(*text.get_window_extent().extents) for text in texts]
    whole = Box(*figure.bbox.extents)
    assert all(box.within(whole) for box in boxes)
    assert not any(a.meets(b) for at, a in enumerate(boxes) for b in boxes[:at])


def test_the_frontier_has_whoever_nobody_beats() -> None:
    costs, quality = np.array([1.0, 2, 3, 3, 1]), np.array([0.5, 0.4, 0.9, 0.8, 0.5])
    # the second is worse and dearer than the first, the fourth worse than the third; twins stay
    assert frontier(costs, quality).tolist() == [True, False, True, False, True]


def test_costs_are_written_in_units_of_their_size() -> None:
    assert [duration(s) for s in (0.0004, 0.25, 12.34, 192.3, 7260)] == [
        "0.4 ms",
        "250 ms",
        "12.3 s",
        "3 min 12 s",
        "2 h 1 min",
    ]
    assert [milliseconds(m) for m in (0.0123, 3.217, 250.4, None)] == [
        "0.012 ms",
        "3.2 ms",
        "250 ms",
        "-",
    ]
    assert [size(b) for b in (800, 12_345, 2_400_000, 3.5e9, float("nan"))] == [
        "800 B",
        "12.3 kB",
        "2.4 MB",
        "3.5 GB",
        "-",
    ]
