"""What the service answers, for OpenAPI; the answers themselves are plain dictionaries."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from onstage.types import Id


class Told(BaseModel):
    """Root of the answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ToldItem(Told):
    """One place of a list."""

    item: Id
    title: str | None
    """None where the data has no title."""
    score: float
    """Larger is better; comparable within one list only."""
    rank: int
    """From 1."""


class ToldList(Told):
    """One user's list."""

    user: Id
    fallback: bool
    """Whether the model does not know the user, so that what is popular was ranked."""
    items: list[ToldItem]


class ToldLists(Told):
    """Lists, in the order of the users."""

    version: str
    """Of the champion that answered."""
    algorithm: str
    at: str
    live_items: int
    lists: list[ToldList]


class ToldNeighbour(Told):
    """An item that is like the one asked about."""

    item: Id
    title: str | None
    score: float


class ToldSimilar(Told):
    """What is like an item; empty where the model learned nothing of it."""

    version: str
    algorithm: str
    item: Id
    title: str | None
    known: bool
    """Whether the model knows the item."""
    similar: list[ToldNeighbour]


class ToldAddend(Told):
    """What one of the user's own items adds to a score."""

    item: Id
    title: str | None
    contribution: float


class ToldRest(Told):
    """The addends that are not named."""

    items: int
    contribution: float


class ToldReasons(Told):
    """Why an item is recommended to a user."""

    version: str
    algorithm: str
    at: str
    user: Id
    item: Id
    title: str | None
    score: float | None
    """The model's score of the pair; None for a user or an item it does not know."""
    own_visits: int
    """The user's earlier interactions with the item."""
    own_last: str | None
    """When the newest of them was."""
    item_visits: int
    """Everybody's interactions with the item in the data the model was fitted on."""
    because: list[ToldAddend] | None
    """The largest addends; with `others` they sum to the explained score. None where the algorithm
    has no such sum: then `note` says so."""
    others: ToldRest | None
    note: str | None


class ToldLive(Told):
    """What a post of who is live did."""

    live_items: int
    """Live by now."""
    unknown: int
    """Items posted that the champion does not know: kept for the next one."""


class ToldLiveItem(Told):
    """Somebody who is live, or was until it was posted otherwise."""

    item: Id
    title: str | None
    live: bool
    posted: bool
    """Whether a post said so, not the windows."""


class ToldBoard(Told):
    """Who is live at the service's own instant, the most watched first."""

    at: str
    live_items: int
    items: list[ToldLiveItem]


class ToldRows(Told):
    """What a post of interactions did."""

    accepted: int
    unknown_users: int
    unknown_items: int
    """Rows of whom the champion does not know count with the first champion that does."""
    counted: bool
    """Whether answers count them by now. False only for a model that looks at everybody and needs
    longer than a moment for it; then they count as soon as `pending` in /health is 0."""


class ToldUsers(Told):
    """Users with the most interactions, to choose from."""

    users: list[Id]


class ToldHealth(Told):
    """Whether the service can answer, and with what."""

    status: Literal["ok", "starting", "no champion", "failed"]
    message: str | None = None
    """What is wrong and what to do. With ``ok``: why a newer champion does not answer yet."""
    name: str | None = None
    """Registered model."""
    version: str | None = None
    algorithm: str | None = None
    loaded: str | None = None
    """When this version began to answer."""
    at: str | None = None
    """The service's own instant."""
    users: int | None = None
    items: int | None = None
    live_items: int | None = None
    posted: int | None = None
    """Interactions posted and kept."""
    pending: int | None = None
    """Of these, not counted yet."""


class Problem(Told):
    """Every refusal: one line, and no trace."""

    error: str
    """Kind, for programs."""
    message: str
    """The value, the rule, the remedy."""
    request: str
    """Number of the request, as in the log."""
