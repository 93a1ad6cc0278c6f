"""Draw the figures of the pages on ideas, from the tutorial's platform. ``make figures``.

The same code and libraries give the same bytes.
"""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.evaluation.comparison import Difference, compare
from onstage.evaluation.evaluate import EventTable, evaluate
from onstage.models.base import Recommender
from onstage.models.catalog import build, parse
from onstage.models.config import FitOptions
from onstage.reporting.figures import COLOURS, METADATA, new_figure, style
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol


FIGURES = Path(__file__).with_name("figures")
BLUE, RED, GREEN, PINK, ORANGE, _ = COLOURS
GREY = "#9a9a9a"
DAY = 144


@dataclass(frozen=True, eq=False)
class Platform:
    """The tutorial's 300 viewers over 21 days, and its exam."""

    log: Dataset
    live: AvailabilityIndex

    @cached_property
    def exam(self) -> Holdout:
        """The test part of track B."""
        return holdouts(LiveProtocol(track="B"), self.log, self.live).test

    def fitted(self, model: dict[str, Any], log: Dataset) -> Recommender[Any]:
        """A model that has learned `log`."""
        return build(parse(model)).fit(log, FitOptions(availability=self.live))

    def events(self, model: dict[str, Any]) -> EventTable:
        """The answers of a model that has learned the training part."""
        return evaluate(self.fitted(model, self.exam.train), self.exam)


def platform() -> Platform:
    """Simulate it."""
    config = SimulationConfig(shape="twitch", users=300, days=21)
    with tempfile.TemporaryDirectory() as folder:
        simulate(config, Path(folder))
        names = [Columns.USER, "broadcast", Columns.ITEM, Columns.TIME, Columns.ENDS_AT]
        table = pd.read_csv(Path(folder) / "100k_a.csv", header=None, names=names)
    log = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))
    return Platform(log, AvailabilityIndex.from_interactions(log))


def availability(world: Platform) -> Figure:
    """Windows of some streamers over a day; who is live at one instant."""
    first = 19 * DAY
    asked = first + 120
    item, starts, ends = world.live.windows
    shown = (starts < first + DAY) & (ends > first)
    longest = np.bincount(item[shown], (ends - starts)[shown], minlength=world.log.n_items)
    chosen = np.argsort(-longest, kind="stable")[:18]
    figure = new_figure(9, 4.2)
    axes = figure.subplots()
    for row, one in enumerate(chosen):
        mine = shown & (item == one)
        now = bool(np.isin(one, world.live.live_at(asked)))
        spans = list(zip(starts[mine] - first, (ends - starts)[mine], strict=True))
        axes.broken_barh(spans, (row - 0.35, 0.7), color=BLUE if now else "#c9c9c9")
    axes.axvline(asked - first, color=RED, linewidth=2)
    axes.annotate(
        "a viewer arrives:\nonly blue may be recommended",
        (asked - first, len(chosen) - 0.2),
        (asked - first - 2, len(chosen) + 1.1),
        color=RED,
        ha="right",
        va="center",
    )
    axes.set_yticks(range(len(chosen)), [str(world.log.items[i]) for i in chosen], fontsize=8)
    axes.set_xticks(range(0, DAY + 1, 24), [f"{h}:00" for h in range(0, 25, 4)])
    axes.set(xlim=(0, DAY), ylim=(-0.8, len(chosen) + 2.2), xlabel="day 20 of the simulation")
    live = len(world.live.live_at(asked))
    axes.set_title(
        f"{live} of {world.log.n_items:,} streamers are live at that instant; "
        f"the {len(chosen)} that were live longest"
    )
    return figure


def gate(world: Platform) -> Figure:
    """Paired differences from the champion, and what the gate makes of each."""
    champion = world.events({"algorithm": "memory", "kind": "count"})
    recipes = {
        "ranker": {"algorithm": "ranker", "events": 1000},
        "item-kNN with own visits": {"algorithm": "item_knn", "own_weight": 3},
        "item-kNN": {"algorithm": "item_knn"},
    }
    gains = {name: compare(world.events(one), champion) for name, one in recipes.items()}
    figure = new_figure(9, 2.9)
    axes = figure.subplots()
    axes.axvline(0, color="black", linewidth=1)
    axes.axvspan(0, 0.08, color=GREEN, alpha=0.08)
    for row, (name, gain) in enumerate(reversed(gains.items())):
        _interval(axes, row, gain)
        axes.text(0.083, row, f"{name}: {_verdict(gain)}", va="center")
    axes.set_yticks([])
    axes.set(ylim=(-0.6, 2.8), xlim=(-0.1, 0.08))
    axes.set_xlabel("NDCG@10 minus the champion's, same events, 95 % interval")
    n = next(iter(gains.values())).n_events
    axes.set_title(f"A challenger takes over only if its whole interval lies above 0 ({n} events)")
    return figure


def _interval(axes: Axes, row: int, gain: Difference) -> None:
    colour = GREEN if gain.low > 0 else RED
    axes.plot([gain.low, gain.high], [row, row], color=colour, linewidth=4, solid_capstyle="butt")
    axes.plot(gain.mean, row, "o", color=colour, markersize=9)
    axes.text(gain.mean, row + 0.22, f"{gain.mean:+.3f}", ha="center", color=colour)


def _verdict(gain: Difference) -> str:
    if gain.low > 0:
        return "promoted"
    return "may be chance: kept" if gain.high > 0 else "worse: kept"


def leaks(world: Platform) -> Figure:
    """What models reach that have learned the answers, beside what they reach."""
    recipes = {
        "popularity": {"algorithm": "popularity"},
        "ALS": {"algorithm": "als"},
        "item-kNN": {"algorithm": "item_knn"},
    }
    honest = [float(world.events(one)["ndcg_at_10"].head(len(world.exam)).mean())
              for one in recipes.values()]  # fmt: skip
    leaky = [_reached(world, one) for one in recipes.values()]
    figure = new_figure(9, 3.2)
    axes = figure.subplots()
    rows = np.arange(len(recipes))
    for values, shift, colour, label in (
        (leaky, 0.2, RED, "fitted on everything, the answers included"),
        (honest, -0.2, BLUE, "fitted on rows before the exam"),
    ):
        axes.barh(rows + shift, values, 0.38, color=colour, label=label)
        for row, value in zip(rows, values, strict=True):
            axes.text(value + 0.005, row + shift, f"{value:.3f}", va="center")
    axes.set_yticks(rows, list(recipes))
    axes.set(xlabel=f"NDCG@10, track B, {len(world.exam)} events", xlim=(0, 1))
    axes.set_title("A leak does not crash: it shines")
    axes.legend(loc="lower right")
    return figure


def _reached(world: Platform, recipe: dict[str, Any]) -> float:
    """NDCG@10 of a model that was fitted on the whole log; `evaluate` would refuse it."""
    model = world.fitted(recipe, world.log)
    model.observe(world.exam.past)
    gain = np.zeros(len(world.exam))
    for rows, items, scores in model.scored(world.exam.requests, world.exam.candidates):
        for row, line in zip(rows, scores, strict=True):
            target = world.exam.relevant[world.exam.relevant_indptr[row]]
            own = line[items == target][0]
            rank = (line > own).sum() + ((line == own).sum() + 1) / 2
            gain[row] = 1 / np.log2(1 + rank) if rank < 11 else 0  # noqa: PLR2004  # depth 10
    return float(gain.mean())


def tracks() -> Figure:
    """Parts of the log, and what a model may look at on each track."""
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    for left, right, label, colour in (
        (0, 60, "training", "#dbe7f3"),
        (60, 80, "validation", "#f7e3d4"),
        (80, 100, "test", "#d9efe7"),
    ):
        axes.axvspan(left, right, color=colour)
        axes.text((left + right) / 2, 5.55, label, ha="center", fontweight="bold")
    asked = 92
    rng = np.random.default_rng(0)
    mine = np.sort(rng.uniform(2, 90, 24))
    others = rng.uniform(0, 100, 90)
    _lane(axes, 4, "the viewer", mine, mine[-16:], "A, official: the newest 16 rows of the viewer")
    _lane(axes, 2.6, "everybody", others, others[others < asked], "B, open: every earlier row")
    _lane(axes, 1.2, "who is live", [], [], "C, independent: as B, among who is live by others")
    for height, left, right, label, colour in (
        (1.1, 81, 97, "live by others: candidates", BLUE),
        (0.75, 86, 100, "", BLUE),
        (0.4, asked, 96, "live by this row only: left out", RED),
    ):
        axes.broken_barh([(left, right - left)], (height - 0.11, 0.22), color=colour)
        axes.text(79, height, label, ha="right", va="center", fontsize=9, color=colour)
    axes.axvline(asked, color=RED, linewidth=2, ymax=0.9)
    axes.text(asked + 0.6, 5.0, "t: which stream\nis started?", color=RED, va="center", fontsize=9)
    axes.set(xlim=(-14, 106), ylim=(-0.1, 6), xticks=[], yticks=[])
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _lane(axes: Axes, height: float, who: str, there: Any, seen: Any, label: str) -> None:  # noqa: ANN401  # places
    axes.text(-1, height, who, ha="right", va="center")
    axes.plot(there, np.full(len(there), height), "o", color="#c9c9c9", markersize=6)
    axes.plot(seen, np.full(len(seen), height), "o", color=BLUE, markersize=6)
    axes.text(0.5, height + 0.4, label, color=BLUE)


def draw(folder: Path) -> None:
    """Write every figure as SVG."""
    world = platform()
    with style():
        for name, figure in (
            ("availability", availability(world)),
            ("tracks", tracks()),
            ("leaks", leaks(world)),
            ("gate", gate(world)),
        ):
            figure.savefig(folder / f"{name}.svg", metadata=dict.fromkeys(METADATA), dpi=72)


if __name__ == "__main__":
    draw(FIGURES)
