"""The one spelling of every column name."""

from typing import Final


class Columns:
    """Names shared by every table in the pipeline."""

    USER: Final = "user_id"
    ITEM: Final = "item_id"
    TIME: Final = "timestamp"
    ENDS_AT: Final = "ends_at"
    """When one interaction ended; absent in logs of points in time."""
    WEIGHT: Final = "weight"
    DURATION: Final = "duration_seconds"
    EVENT: Final = "event"
    BROADCAST: Final = "broadcast_id"
    STARTS: Final = "starts"
    ENDS: Final = "ends"
    TITLE: Final = "title"
    SCORE: Final = "score"
    RANK: Final = "rank"
    SIMILAR: Final = "similar_item_id"
    FALLBACK: Final = "fallback"
    REASON: Final = "reason"
    MODEL: Final = "model"
    PROTOCOL: Final = "protocol"
    GROUP: Final = "group"
    METRIC: Final = "metric"
    VALUE: Final = "value"
    LOW: Final = "low"
    HIGH: Final = "high"
    CLUSTER: Final = "cluster"
