"""What can be configured about clusters."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt


class ClusterConfig(BaseModel):
    """How users and items are grouped by what they do."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    users: bool = True
    """Whether users are clustered."""
    items: bool = True
    """Whether items are clustered."""
    k: PositiveInt | None = None
    """Number of clusters. By default chosen from the elbow and the silhouette
    (``docs/clusters.md``)."""
    k_max: Annotated[int, Field(ge=2, le=100)] = 14
    """Largest number of clusters that is tried."""
    scaling: Literal["log", "robust", "raw"] = "log"
    """``log``: sign-keeping log(1 + x), then mean 0 and variance 1, so that no single
    heavy-tailed column (coins) decides alone. ``robust``: minus the median, divided by the
    interquartile range. ``raw``: as it is, the column with the largest numbers decides."""
    user_columns: tuple[str, ...] | None = None
    """Features that users are clustered by. All by default."""
    item_columns: tuple[str, ...] | None = None
    """Features that items are clustered by. All by default."""
    mini_batch_above: PositiveInt = 20_000
    """With more rows than this, centres are first learnt from mini-batches."""
    slices: bool = True
    """Whether the leaderboard also has groups by the user's cluster (``viewers:1`` …), of clusters
    made from the training rows alone (``docs/clusters.md``)."""
    silhouette_sample: Annotated[int, Field(ge=10, le=20_000)] = 2_000
    """Most rows the silhouette is computed on: it costs the square of them."""
    seed: NonNegativeInt = 0
    """Seed of the starting centres and of the silhouette's sample."""
