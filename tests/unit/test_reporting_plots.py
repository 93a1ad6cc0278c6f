"""Plots show every point, and texts as they are."""

from typing import TYPE_CHECKING

import pandas as pd

from onstage.reporting.curve_plots import curve_plot
from onstage.reporting.figures import drawable
from onstage.reporting.plots import elbow_plot, hour_plot, profile_plot
from tests.unit.reports import two_groups


if TYPE_CHECKING:
    from matplotlib.figure import Figure


def texts(figure: "Figure") -> set[str]:
    from matplotlib.text import Text

    return {text.get_text() for text in figure.findobj(Text)}


def test_cluster_plots_show_every_k_and_every_deviation() -> None:
    made = two_groups()
    inertia, silhouette = elbow_plot(made, "users").axes
    assert inertia.lines[0].get_xdata().tolist() == made.elbow["k"].tolist()
    assert silhouette.lines[1].get_xdata()[0] == made.k
    heat = texts(profile_plot(made, "users"))
    assert f"{made.deviations.loc[1, 'coins']:+.1f}" in heat
    assert {"coins", "hour sin", "0.0", "1\n57%"} <= heat


def test_hours_have_one_line_per_model() -> None:
    table = pd.DataFrame({"hour": [3, 1, 3], "value": [0.3, 0.1, 0.5], "model": ["a", "a", "b"]})
    lines = hour_plot(table).axes[0].lines
    assert [line.get_xdata().tolist() for line in lines] == [[1, 3], [3]]


def test_texts_are_drawn_as_they_are_and_not_as_mathematics() -> None:
    assert drawable("$x$ is \\ 5€") == "\\$x\\$ is \\ 5€"
    assert drawable("\U0001f9ff\n漢") == "???"
    curve_plot("$\\frac{1$ 漢字", {"loss": {1: 1.0}}).draw_without_rendering()
