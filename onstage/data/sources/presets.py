"""Layouts of known data sets: what a configuration need not repeat."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final


_MOVIELENS: Final[dict[str, Any]] = {
    "interactions": {
        "path": "ratings.csv",
        "columns": {
            "user_id": "userId",
            "item_id": "movieId",
            "timestamp": "timestamp",
            "weight": "rating",
        },
        "time": {"unit": "s"},
    },
    "items": {
        "path": "movies.csv",
        "optional": True,
        "columns": {"item_id": "movieId", "title": "title"},
        "attributes": {"genres": "text?"},
    },
}

_MOVIELENS_100K: Final[dict[str, Any]] = {
    "interactions": {
        **_MOVIELENS["interactions"],
        "path": "u.data",
        "format": "tsv",
        "header": ["userId", "movieId", "rating", "timestamp"],
    },
    "items": {
        **_MOVIELENS["items"],
        "path": "u.item",
        "format": "csv",
        "delimiter": "|",
        "quote": "",
        "encoding": "latin-1",
        "header": [
            "movieId",
            "title",
            "released",
            "video",
            "url",
            *(f"genre{i}" for i in range(19)),
        ],
    },
}

_MOVIELENS_1M: Final[dict[str, Any]] = {
    "interactions": {
        **_MOVIELENS["interactions"],
        "path": "ratings.dat",
        "format": "csv",
        "delimiter": "::",
        "quote": "",
        "header": ["userId", "movieId", "rating", "timestamp"],
    },
    "items": {
        **_MOVIELENS["items"],
        "path": "movies.dat",
        "format": "csv",
        "delimiter": "::",
        "quote": "",
        "encoding": "latin-1",
        "header": ["movieId", "title", "genres"],
    },
}

_DESKDROP: Final[dict[str, Any]] = {
    "interactions": {
        "path": "users_interactions.csv",
        "columns": {
            "user_id": "personId",
            "item_id": "contentId",
            "timestamp": "timestamp",
            "event": "eventType",
        },
        "time": {"unit": "s"},
        "events": {"VIEW": 1, "LIKE": 2, "BOOKMARK": 3, "FOLLOW": 4, "COMMENT CREATED": 5},
        "duplicates": "drop",
    },
    "items": {
        "path": "shared_articles.csv",
        "optional": True,
        "columns": {"item_id": "contentId", "title": "title"},
        "attributes": {"contentType": "text?", "url": "text?", "lang": "text?"},
        "only": {"eventType": ["CONTENT SHARED"]},
        "duplicates": "last",
    },
    "windows": {
        "path": "shared_articles.csv",
        "optional": True,
        "columns": {"item_id": "contentId", "timestamp": "timestamp", "event": "eventType"},
        "time": {"unit": "s"},
        "opens": ["CONTENT SHARED"],
        "closes": ["CONTENT REMOVED"],
        "unlisted": "always",
    },
}

_TWITCH: Final[dict[str, Any]] = {
    "interactions": {
        "path": "100k_a.csv",
        "header": ["user", "stream", "streamer", "start", "stop"],
        "columns": {
            "user_id": "user",
            "item_id": "streamer",
            "broadcast_id": "stream",
            "timestamp": "start",
            "ends_at": "stop",
        },
    },
    "windows": "interactions",
}

_TWITCH_105K: Final[dict[str, Any]] = {
    "interactions": {
        "path": "twitch105k.csv",
        "columns": {"user_id": "user_id", "item_id": "streamer_name", "timestamp": "start_time"},
        "ends_after": 3,
    },
    "windows": "interactions",
}

_KUMU: Final[dict[str, Any]] = {
    "interactions": {
        "path": ["*livestream_watchlog*", "*gameshow_watchlog*"],
        "columns": {
            "user_id": ["viewer_id", "user_id"],
            "broadcast_id": "channel_id",
            "duration_seconds": "duration",
        },
        "join": "windows",
        "sum_by": ["user_id", "broadcast_id"],
        "ends_after": "duration",
        "weight": "duration",
    },
    "windows": {
        "path": "*channel_db*",
        "columns": {
            "broadcast_id": "channel_id",
            "item_id": "streamer_id",
            "starts": "live_start_time",
            "duration_seconds": "duration",
        },
        "attributes": {
            "like_count": "number?",
            "comment_count": "number?",
            "diamonds": "number?",
            "total_viewer": "number?",
            "share_count": "number?",
            "gift_count": "number?",
            "coin_count": "number?",
            "commenter_count": "number?",
            "gifter_count": "number?",
            "follower_gain": "number?",
            "total_watch_duration": "number?",
        },
        "ends_after": "duration",
    },
    "relations": {
        "path": "*reco_dataset*",
        "optional": True,
        "columns": {"user_id": ["viewer_id", "user_id"], "item_id": "streamer_id"},
        "attributes": {
            "view_count": "number?",
            "comment_count": "number?",
            "coin_count": "number?",
        },
    },
}

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "deskdrop": _DESKDROP,
        "kumu": _KUMU,
        "movielens": _MOVIELENS,
        "movielens-100k": _MOVIELENS_100K,
        "movielens-1m": _MOVIELENS_1M,
        "twitch": _TWITCH,
        "twitch105k": _TWITCH_105K,
    }
)
"""Name to the ``data`` section that it stands for."""


def expand(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, over its preset: tables are merged key by key, everything else replaced.

    A table given as null is left out; a ``url`` replaces the preset's ``path``.
    """
    preset = PRESETS[given["preset"]]
    merged = {**preset, **given}
    for table in set(preset) & set(given):
        if isinstance(given[table], Mapping) and isinstance(preset[table], Mapping):
            base = dict(preset[table])
            if given[table].get("url") is not None:
                base.pop("path", None)
            merged[table] = {**base, **given[table]}
    return merged
