"""A rolling backtest: one figure, two tables, one offline page."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from onstage.columns import Columns
from onstage.evaluation.rolling import ORIGIN, over_origins
from onstage.reporting.figures import (
    COLOURS,
    MARKERS,
    drawable,
    new_figure,
    save_png,
    style,
    svg_uri,
)
from onstage.reporting.formats import words
from onstage.reporting.jinja import templates


if TYPE_CHECKING:
    from matplotlib.figure import Figure


PAGE: Final = "origins.html"
FIGURES: Final = "figures"
FIGURE: Final = "origins.png"
DRAWN: Final = 6
"""Models that are drawn, the best means first: more lines cannot be told apart."""


@dataclass(frozen=True, eq=False)
class Rolling:
    """What the page says.

    Attributes
    ----------
    origins
        ``origin, starts, ends, rows, train_rows, events``, the newest (0) first; instants as text.
    rows
        ``origin, model, value, low, high``.
    notes
        Sentences on what else has to be known.
    """

    name: str
    protocol: str
    metric: str
    group: str
    origins: pd.DataFrame
    rows: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def models(self) -> pd.DataFrame:
        """See :func:`onstage.evaluation.rolling.over_origins`."""
        return over_origins(self.rows)

    @property
    def sentence(self) -> str:
        """What came out, on one line."""
        best, *others = self.models.to_dict("records")
        n = len(self.origins)
        said = (
            f"{best[Columns.MODEL]} has the best mean {words(self.metric)} over {n} origins, "
            f"{best['mean']:.4f} (standard deviation {best['spread']:.4f}, from "
            f"{best['least']:.4f} to {best['most']:.4f}), and was first at {best['first']} of them"
        )
        if others:
            said += f"; {others[0][Columns.MODEL]} follows with {others[0]['mean']:.4f}"
        return f"{said}."


def wide(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a model, one column an origin (the oldest first), then mean, spread and firsts."""
    table = rows.pivot_table(
        index=Columns.MODEL, columns=ORIGIN, values=Columns.VALUE, aggfunc="first"
    )
    table = table[sorted(table.columns, reverse=True)]
    table.columns = [f"origin {number}" for number in table.columns]
    models = over_origins(rows).set_index(Columns.MODEL)[["mean", "spread", "first"]]
    return table.loc[models.index].join(models).reset_index()


def render_origins(rolling: Rolling, folder: Path) -> dict[str, Any]:
    """Write ``origins.html`` and ``figures/origins.png`` into `folder`.

    Returns
    -------
    dict
        The numbers behind them. The same backtest gives the same bytes.
    """
    (folder / FIGURES).mkdir(exist_ok=True)
    figure = origins_plot(rolling)
    with style():
        figure.draw_without_rendering()  # lays out once for both files
        figure.set_layout_engine("none")
        save_png(figure, folder / FIGURES / FIGURE)
    records = wide(rolling.rows).to_dict("records")
    page = (
        templates()
        .get_template("origins.html")
        .render(
            rolling=rolling,
            what=words(rolling.metric),
            uri=svg_uri(figure),
            rows=records,
            columns=[name for name in records[0] if str(name).startswith("origin ")],
            origins=rolling.origins.sort_values(ORIGIN, ascending=False).to_dict("records"),
        )
    )
    (folder / PAGE).write_text(page, encoding="utf-8")
    return {
        "protocol": rolling.protocol,
        "metric": rolling.metric,
        "group": rolling.group,
        "sentence": rolling.sentence,
        "notes": list(rolling.notes),
        "origins": rolling.origins.to_dict("records"),
        "rows": rolling.rows.to_dict("records"),
        "models": rolling.models.to_dict("records"),
    }


def origins_plot(rolling: Rolling) -> "Figure":
    """Draw the best models' values over the origins, oldest to newest, with their intervals."""
    order = rolling.origins.sort_values(ORIGIN, ascending=False)
    places = {number: place for place, number in enumerate(order[ORIGIN])}
    best = rolling.models[Columns.MODEL].head(DRAWN)
    with style():
        figure = new_figure(7.2, 4.2)
        axes = figure.add_subplot()
        for at, model in enumerate(best):
            mine = rolling.rows[rolling.rows[Columns.MODEL] == model]
            mine = mine.sort_values(ORIGIN, ascending=False)
            shift = (at - (len(best) - 1) / 2) * 0.05
            x = [places[number] + shift for number in mine[ORIGIN]]
            value = mine[Columns.VALUE]
            axes.errorbar(
                x, value, yerr=[value - mine[Columns.LOW], mine[Columns.HIGH] - value],
                color=COLOURS[at], marker=MARKERS[at], capsize=3, linewidth=1.5, elinewidth=1,
                label=drawable(str(model)),
            )  # fmt: skip
        labels = [
            f"origin {number}\nuntil {drawable(str(ends))}"
            for number, ends in zip(order[ORIGIN], order["ends"], strict=True)
        ]
        axes.set_xticks(range(len(order)), labels, fontsize=9)
        axes.set_xlim(-0.4, len(order) - 0.6)
        axes.set_ylabel(words(rolling.metric))
        axes.set_title("Each origin: fitted on what was before, asked what came next")
        figure.legend(loc="outside lower center", ncols=3, fontsize=10)
    return figure
