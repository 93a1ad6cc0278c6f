"""Configuration of the ranker."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from onstage.models.config import RecommenderConfig
from onstage.models.sequence.config import SasrecConfig


Share = Annotated[float, Field(gt=0, le=1)]


class RankerConfig(RecommenderConfig):
    """Configuration of :class:`onstage.models.ranker.ranker.Ranker`."""

    algorithm: Literal["ranker"] = "ranker"
    events: PositiveInt = 12_000
    """Most past events that the trees learn from, drawn from the newest `days`."""
    days: PositiveFloat = 14.0
    """Length of the newest part of the training rows from which events are drawn, in days."""
    refits: PositiveInt = 3
    """Parts that those days are cut into: before each, the simpler models whose scores are features
    are fitted anew on the rows before it, so that no event is part of what scores it."""
    negatives: PositiveInt = 100
    """Most live items that one event is compared with while learning, drawn at random if more."""
    min_events: PositiveInt = 200
    """With fewer events to learn from there are no trees, and the first stage answers alone."""
    trees: PositiveInt = 150
    """Rounds of boosting."""
    leaves: Annotated[int, Field(ge=2)] = 15
    """Most leaves of a tree."""
    learning_rate: PositiveFloat = 0.05
    """Share of each tree that is added."""
    min_rows: PositiveInt = 100
    """Fewest pairs in a leaf."""
    column_share: Share = 0.6
    """Share of the features that each tree may look at."""
    row_share: Share = 0.5
    """Share of the pairs that each tree learns from."""
    l2: NonNegativeFloat = 5.0
    """Penalty on the values of the leaves."""
    head: PositiveInt = 200
    """Candidates of a request that the trees score: the best by the first stage. The others stand
    below them, in the order of the first stage."""
    own_weight: NonNegativeFloat = 0.5
    """What the logarithm of the user's visits adds to the similarity in the first stage."""
    factors: PositiveInt = 64
    """Length of the vectors of the ALS whose score is a feature."""
    ease_regularization: PositiveFloat = 200.0
    """L2 penalty of the EASE whose score is a feature."""
    ease_items: Annotated[int, Field(ge=0)] = 4_000
    """With more trained items there is no EASE among the features: it takes memory with their
    square and time with their cube. 0 is never."""
    neighbours: PositiveInt = 100
    """Most similar items kept of each item."""
    shrinkage: NonNegativeFloat = 5.0
    """Added to the divisor of a similarity, so that few users in common count less."""
    sequence: SasrecConfig | None = None
    """The SASRec whose score is a feature, ``{}`` for its defaults; needs torch. By default none:
    what followed what is then all that is known of the order of a user's rows."""
