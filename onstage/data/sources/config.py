"""What a log's files or queries are, and what their columns mean."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from onstage.columns import Columns
from onstage.data.sources.presets import PRESETS, expand
from onstage.data.sources.source import Closed, Source, nearest


class InteractionSource(Source):
    """The log: who, what, when."""

    mappable: ClassVar[tuple[str, ...]] = (
        Columns.USER,
        Columns.ITEM,
        Columns.TIME,
        Columns.ENDS_AT,
        Columns.WEIGHT,
        Columns.DURATION,
        Columns.EVENT,
        Columns.BROADCAST,
    )

    join: Literal["windows"] | None = None
    """``windows``: item and time of a row are those of the window with its ``broadcast_id``."""
    ends_after: PositiveFloat | Literal["duration"] | None = None
    """When an interaction ended, for logs that do not say: seconds (steps, in a log of steps) after
    it began, or ``duration``. After a join never later than its broadcast."""
    events: dict[str, NonNegativeFloat] = Field(default={})
    """Strength of each event type, which becomes the weight; 0 leaves such rows out."""
    unknown_events: Literal["error", "ignore"] = "error"
    """What to do with an event type that ``events`` does not have; ``ignore`` leaves it out."""
    weight: Literal["auto", "column", "event", "duration"] | PositiveFloat = "auto"
    """Where a row's weight comes from. ``auto``: the mapped column, else the event's strength,
    else there is none and every row counts 1."""
    min_weight: float | None = None
    """Leave out rows of less weight (a rating, say), after summing."""
    duplicates: Literal["keep", "drop"] = "keep"
    """``drop``: of rows that are alike in every kept column the first stays."""
    sum_by: tuple[str, ...] = ()
    """Make one row of all that agree in these: weights and durations summed, earliest time, latest
    end, the rest from the first row; the event type is dropped."""

    @model_validator(mode="after")
    def _sums_make_sense(self) -> Self:
        allowed = (Columns.USER, Columns.ITEM, Columns.BROADCAST, Columns.EVENT, Columns.TIME)
        for name in self.sum_by:
            if name not in allowed:
                message = f"sum_by: unknown name {name!r}{nearest(name, allowed)}"
                raise ValueError(message)
        if self.sum_by and Columns.USER not in self.sum_by:
            message = f"sum_by: {list(self.sum_by)} has no user_id, so users would be mixed"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _what_is_used_is_mapped(self) -> Self:
        self.need(Columns.USER)
        self.need(*((Columns.BROADCAST,) if self.join else (Columns.ITEM, Columns.TIME)))
        if self.events or self.weight == "event":
            self.need(Columns.EVENT)
        if self.weight == "event" and not self.events:
            message = "weight: event needs events, the strength of each event type"
            raise ValueError(message)
        if self.weight == "column":
            self.need(Columns.WEIGHT)
        if "duration" in {self.weight, self.ends_after}:
            self.need(Columns.DURATION)
        if self.ends_after is not None and Columns.ENDS_AT in self.columns:
            message = "ends_after and columns.ends_at both say when a row ends; keep one"
            raise ValueError(message)
        return self


class ItemSource(Source):
    """The catalogue: one row per item."""

    mappable: ClassVar[tuple[str, ...]] = (Columns.ITEM, Columns.TITLE)

    duplicates: Literal["error", "first", "last"] = "error"
    """What to do when an item occurs twice."""

    @model_validator(mode="after")
    def _what_is_used_is_mapped(self) -> Self:
        self.need(Columns.ITEM)
        return self


class WindowSource(Source):
    """When items can be recommended: rows with a start and an end, or events that open and close.

    A missing end is an open one: :data:`onstage.data.sources.build.OPEN_END`.
    """

    mappable: ClassVar[tuple[str, ...]] = (
        Columns.ITEM,
        Columns.STARTS,
        Columns.ENDS,
        Columns.DURATION,
        Columns.BROADCAST,
        Columns.EVENT,
        Columns.TIME,
    )

    ends_after: PositiveFloat | Literal["duration"] | None = None
    """The end, for sources without one: seconds (steps) after the start, or ``duration``."""
    opens: tuple[str, ...] = ()
    """Event types that make an item available from their time on (or from its first interaction,
    if that is earlier)."""
    closes: tuple[str, ...] = ()
    """Event types that make it unavailable from their time on."""
    unlisted: Literal["never", "always"] = "never"
    """When an item without any row here is available."""

    @model_validator(mode="after")
    def _what_is_used_is_mapped(self) -> Self:
        self.need(Columns.ITEM)
        if self.opens:
            self.need(Columns.EVENT, Columns.TIME)
            return self
        self.need(Columns.STARTS)
        if self.ends_after == "duration":
            self.need(Columns.DURATION)
        elif self.ends_after is None:
            self.need(Columns.ENDS)
        return self


class RelationSource(Source):
    """What is known of a user and an item together: counts of views, comments, coins."""

    mappable: ClassVar[tuple[str, ...]] = (Columns.USER, Columns.ITEM)

    @model_validator(mode="after")
    def _what_is_used_is_mapped(self) -> Self:
        self.need(Columns.USER, Columns.ITEM)
        return self


class DataConfig(Closed):
    """Where a data set is, and how it becomes the canonical tables."""

    preset: str | None = None
    """A known data set's layout, which fills in all that is not given here."""
    folder: str | None = None
    """Where relative paths start; ``${NAME}`` is taken from the environment."""
    ids: Literal["auto", "text"] = "auto"
    """``auto``: ids of one kind (users, say) are integers if all of them fit 64 bits as written,
    else text. ``text``: always text."""
    interactions: InteractionSource
    """The log."""
    items: ItemSource | None = None
    """The catalogue."""
    windows: WindowSource | Literal["interactions"] | None = None
    """Availability. ``interactions``: an item is live while somebody watches it. None: always."""
    relations: RelationSource | None = None
    """Users with items."""

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_in(cls, raw: Any) -> Any:  # noqa: ANN401
        if not isinstance(raw, Mapping) or raw.get("preset") is None:
            return raw
        name = raw["preset"]
        if name not in PRESETS:
            message = f"unknown preset {name!r}{nearest(str(name), PRESETS)}"
            raise ValueError(message)
        return expand(raw)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        joined = self.interactions.join == "windows"
        if joined and not isinstance(self.windows, WindowSource):
            message = "interactions.join: windows needs a windows source with broadcast_id"
            raise ValueError(message)
        if joined and isinstance(self.windows, WindowSource):
            self.windows.need(Columns.BROADCAST)
        ends = self.interactions.ends_after or self.interactions.columns.get(Columns.ENDS_AT)
        if self.windows == "interactions" and ends is None:
            message = (
                "windows: interactions needs to know when a row ends; map columns.ends_at or give "
                "interactions.ends_after"
            )
            raise ValueError(message)
        return self
