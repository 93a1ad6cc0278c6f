"""What a metric is: the convention that its key stands for."""

from dataclasses import dataclass
from typing import Final, Literal


Family = Literal["relevance", "lists"]
Better = Literal["higher", "lower", "neither"]
Average = Literal["mean", "sum", "ratio"]

MEAN_RANK: Final = (
    "a relevant item stands at the mean place of the candidates that score as it does, and is "
    "within depth k if that place is below k + 1"
)
SHOWN: Final = (
    "the list that would be shown: equal scores in the order of training popularity, then of the "
    "vocabulary; items without a score are not shown"
)
ASKED: Final = (
    "an event has at least one relevant item; users without any are not asked and not counted"
)
EMPTY_LIST: Final = "nan for an empty list and outside the group all"


@dataclass(frozen=True)
class Metric:
    """The declared convention of one metric.

    Attributes
    ----------
    key
        In per-event tables, on the leaderboard and in MLflow; ``k`` stands for the depth.
    name
        In words.
    family
        ``relevance``: what happened next decides; ``lists``: beyond accuracy.
    formula
        Per event. ``n`` relevant items at places ``r_1 < r_2 < …`` among ``N`` candidates; hits
        are those within depth ``k``.
    divisor
        What the sum is divided by, and what that means where a list cannot hold everything.
    gain
        What one item counts, and how that falls with its place.
    ties
        What equal scores do.
    empty
        Events, users and lists about which there is nothing to say.
    span
        Least and largest value.
    better
        Which direction is an improvement.
    source
        Where the formula comes from.
    average
        How events become one number: ``mean`` over events, ``sum`` (an event's value is its share
        of a number that belongs to all events together), or a ``ratio`` of two sums.
    beware
        What else goes by this name.
    """

    key: str
    name: str
    family: Family
    formula: str
    divisor: str
    gain: str
    ties: str
    empty: str
    span: str
    better: Better
    source: str
    average: Average = "mean"
    beware: str = ""

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and text of each part that says something, in the order of reading."""
        averages = {
            "mean": "mean over events",
            "sum": "summed over events: an event's value is its share of one number",
            "ratio": "a ratio of two sums over events",
        }
        parts = (
            ("formula", self.formula),
            ("divisor", self.divisor),
            ("gain and discount", self.gain),
            ("ties", self.ties),
            ("nothing to say", self.empty),
            ("range", self.span),
            ("better", self.better),
            ("over events", averages[self.average]),
            ("source", self.source),
            ("beware", self.beware),
        )
        return tuple((label, text) for label, text in parts if text)
