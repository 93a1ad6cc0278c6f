"""What may be asked of the service: closed models, so a misspelt field is refused."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from onstage.availability.repeats import RepeatPolicy
from onstage.serving.online.identifiers import WIDEST, JsonId
from onstage.serving.online.limits import MOST_ITEMS, MOST_K, MOST_ROWS, MOST_USERS


Instant = (
    Annotated[int, Field(strict=True, ge=-WIDEST, lt=WIDEST)]
    | Annotated[str, Field(strict=True, min_length=1, max_length=40)]
)
"""``now``, ``last``, ISO 8601 with an offset, or a tick (a step, or microseconds since 1970)."""

K = Annotated[int, Field(strict=True, ge=1, le=MOST_K)]
Items = Annotated[list[JsonId], Field(max_length=MOST_ITEMS)]

EVENING: Final = "2024-06-01T20:30:00Z"


class Asked(BaseModel):
    """Root of the bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class AskedLists(Asked):
    """Who wants how many of what is live when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"users": ["ann", "bob"], "k": 5},
                {"users": [17], "at": "6000", "k": 3, "repeat": {"kind": "exclude"}},
                {"users": ["ann"], "at": EVENING, "live": ["s7", "s9"]},
            ]
        }
    )

    users: Annotated[list[JsonId], Field(min_length=1, max_length=MOST_USERS)]
    """Who asks; one named twice is answered once. Strangers get what is popular among the live."""
    at: Instant | None = None
    """The instant; the service's own by default (`onstage serve --at`)."""
    k: K = 10
    """Length of each list; shorter where fewer items are live."""
    live: Items | None = None
    """Who is live, instead of the windows and of what was posted; unknown items are left out."""
    repeat: RepeatPolicy | None = None
    """What to do with what a user had before; the champion's own policy by default."""


class AskedSimilar(Asked):
    """What is like an item."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"item": "s7", "k": 5}]})

    item: JsonId
    k: K = 10
    """How many; fewer where there are fewer."""


class AskedReasons(Asked):
    """Why an item is recommended to a user."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user": "ann", "item": "s7", "at": EVENING, "k": 3}]}
    )

    user: JsonId
    item: JsonId
    at: Instant | None = None
    k: K = 5
    """Most of the user's own items that are named."""


class PostedLive(Asked):
    """Who went live or offline: counts from now on, and the newest word on an item wins."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"on": ["s7"], "off": ["s9"]}, {"only": ["s1", "s2"]}]}
    )

    on: Items = []
    """Went live."""
    off: Items = []
    """Went offline."""
    only: Items | None = None
    """These are live and nobody else: replaces the windows and all that was posted before."""
    reset: Annotated[bool, Field(strict=True)] = False
    """Forget all that was posted before: the windows count again."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if both := {str(one) for one in self.on} & {str(one) for one in self.off}:
            message = f"{min(both)!r} is both on and off; say one of them"
            raise ValueError(message)
        if self.reset and self.only is not None:
            message = "reset and only contradict each other; give one of them"
            raise ValueError(message)
        return self


class PostedRow(Asked):
    """One user, one item, one instant."""

    user: JsonId
    item: JsonId
    at: Instant | None = None
    """When; by default just before the service's own instant, so that it counts there."""
    ends: Instant | None = None
    """End of the visit, in logs that have ends; by default it ends when it starts."""
    weight: Annotated[float, Field(strict=True, gt=0, le=1e6)] = 1.0


class PostedRows(Asked):
    """New interactions, which count in the next answer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"interactions": [{"user": "ann", "item": "s7"}]}]}
    )

    interactions: Annotated[list[PostedRow], Field(min_length=1, max_length=MOST_ROWS)]
