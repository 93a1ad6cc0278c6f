"""When a change is called a drift: configuration only."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ChampionDriftConfig(BaseModel):
    """When the champion's metric is called worse than it used to be."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_drop: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Relative drop that is tolerated: 0.05 is a twentieth of its usual value. The upper end of the
    interval of the change must lie below it."""
    results: Annotated[int, Field(ge=1)] = 7
    """Earlier results of the champion's recipe that it is held against, the newest ones."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of the interval."""


class DriftConfig(BaseModel):
    """When what arrives is called another than before.

    A statistic of the newest period drifts where its distance from the periods before is above a
    stated limit *and* above what such distances were in the data set's own past: ordinary weeks,
    with their Sundays, set the second.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    period_days: PositiveFloat = 1.0
    """Length of a period. The newest ends with the log."""
    reference_periods: PositiveInt = 7
    """Periods before a period that it is held against, taken together: a whole week by default."""
    past_periods: PositiveInt = 21
    """Earlier periods whose own distances say what is ordinary, the newest ones."""
    least_past: Annotated[int, Field(ge=2)] = 5
    """With fewer of them nothing is judged."""
    least_rows: PositiveInt = 100
    """A period with fewer rows, or a reference with fewer, is not judged."""
    sigmas: Positive = 3.0
    """A distance is out of the ordinary above mean + `sigmas` standard deviations of the past."""
    change: Positive = 0.25
    """Limit of a number's relative change, up or down: 0.25 is a quarter more, or a fifth less."""
    h: Positive = 0.2
    """Limit of Cohen's h of a share, up or down: 0.2 is 10 % against 17 %, or 70 % against 79 %."""
    psi: Positive = 0.25
    """Limit of the population stability index of a distribution of numbers."""
    js: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Limit of the Jensen-Shannon distance of a distribution over categories, 0 to 1."""
    ks: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Limit of the Kolmogorov-Smirnov statistic of a distribution of numbers, 0 to 1."""
    champion: ChampionDriftConfig = ChampionDriftConfig()
    """The same for what the champion reaches."""
