"""The raw files of the shape ``kumu``: watch logs, channels, relations."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.data.simulate.engagement import Engagement, engage, make_habits
from onstage.data.simulate.files import Draft
from onstage.data.simulate.identifiers import broadcast_ids, streamer_ids, user_ids
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.watching import Watches


CHANNELS: Final = "kumu_channel_db.csv"
GAMESHOW: Final = "kumu_gameshow_watchlog_db.csv"
LIVESTREAM: Final = ("kumu_livestream_watchlog_db_p1.csv", "kumu_livestream_watchlog_db_p2.csv")
RELATIONS: Final = "kumu_reco_dataset.csv"
TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S UTC"
CATEGORIES: Final = ("music", "talk", "gaming", "dance", "food", "sports", "art", "gameshow")
GAMESHOW_GENRE: Final = CATEGORIES.index("gameshow")
LANGUAGES: Final = ("tl", "ceb", "ilo", "ar", "en")
COUNTRIES: Final = ("PH", "PH", "PH", "AE", "US")

CHANNEL_COLUMNS: Final = (
    "channel_id",
    "streamer_id",
    "title",
    "category",
    "language",
    "country",
    "live_start_time",
    "live_end_time",
    "duration",
    "like_count",
    "comment_count",
    "share_count",
    "gift_count",
    "coin_count",
    "diamonds",
    "total_viewer",
    "commenter_count",
    "gifter_count",
    "follower_gain",
    "total_watch_duration",
    "is_gameshow",
    "platform",
)
RELATION_COLUMNS: Final = (
    "viewer_id",
    "streamer_id",
    "view_count",
    "comment_count",
    "coin_count",
    "engagement",
)


class KumuFiles:
    """Five CSV files with headers, as the Kumu notebook reads them.

    Parameters
    ----------
    stage
        The platform.
    draft
        Where to write.
    limit
        The log's end in seconds: a broadcast and everything in it is written when it has ended.
    """

    def __init__(self, stage: Stage, draft: Draft, limit: int) -> None:
        self.stage, self.limit, self.draft = stage, limit, draft
        self.users = user_ids(stage.config)
        self.streamers = streamer_ids(stage)
        self.channels = broadcast_ids(stage)
        self.habits = make_habits(stage.config)
        header = ("viewer_id", "channel_id", "duration")
        self.parts = [draft.csv(name, header) for name in LIVESTREAM]
        self.gameshow = draft.csv(GAMESHOW, ("user_id", "channel_id", "duration"))
        self.relations = draft.csv(RELATIONS, RELATION_COLUMNS)
        names = ("viewers", "comments", "commenters", "likes", "gifts", "gifters", "coins", "time")
        self.totals = {name: np.zeros(len(stage.broadcasts), np.int64) for name in names}
        self._user = np.zeros(stage.config.users, dtype=np.bool_)

    def write(self, watches: Watches, rng: np.random.Generator) -> Watches:
        """Append the watches of broadcasts that have ended by the limit, and return them."""
        happened = engage(rng, self.habits, watches)
        ended = self.stage.ends[watches.broadcast] <= self.limit
        watches = watches.where(ended)
        happened = Engagement(**{k: v[ended] for k, v in vars(happened).items()})
        self._user[watches.user] = True
        self._add_up(watches, happened)
        self._log(watches, happened)
        self._relate(watches, happened)
        return watches

    def _add_up(self, watches: Watches, happened: Engagement) -> None:
        def total(values: NDArray[Any] | None) -> NDArray[np.int64]:
            sums = np.bincount(watches.broadcast, values, minlength=len(self.stage.broadcasts))
            return sums.astype(np.int64)

        self.totals["viewers"] += total(None)
        self.totals["comments"] += total(happened.comments)
        self.totals["commenters"] += total(happened.comments > 0)
        self.totals["likes"] += total(happened.likes)
        self.totals["gifts"] += total(happened.gifts)
        self.totals["gifters"] += total(happened.gifts > 0)
        self.totals["coins"] += total(happened.coins)
        self.totals["time"] += total(watches.stop - watches.start)

    def _log(self, watches: Watches, happened: Engagement) -> None:
        seconds = watches.stop - watches.start
        rest = np.flatnonzero(happened.first < seconds)
        row = np.concatenate([np.arange(len(watches)), rest])
        entry = np.concatenate([happened.first, (seconds - happened.first)[rest]])
        order = np.argsort(row, kind="stable")
        row, entry = row[order], entry[order]
        user, channel = watches.user[row], watches.broadcast[row]
        shows = self.stage.streamers.genre[self.stage.broadcasts.streamer[channel]]
        show, half = shows == GAMESHOW_GENRE, user < -(-self.stage.config.users // 2)
        for file, rows in (
            (self.gameshow, show),
            (self.parts[0], ~show & half),
            (self.parts[1], ~show & ~half),
        ):
            file.write([self.users[user[rows]], self.channels[channel[rows]], entry[rows]])

    def _relate(self, watches: Watches, happened: Engagement) -> None:
        pairs = pd.DataFrame(
            {
                "user": watches.user,
                "streamer": self.stage.broadcasts.streamer[watches.broadcast],
                "views": 1,
                "comments": happened.comments,
                "coins": happened.coins,
            }
        )
        sums = pairs.groupby(["user", "streamer"]).sum().reset_index()
        views, comments, coins = (sums[c].to_numpy() for c in ("views", "comments", "coins"))
        engagement = np.round(views + np.log1p(comments) + np.log1p(coins), 4)
        self.relations.write(
            [
                self.users[sums["user"].to_numpy()],
                self.streamers[sums["streamer"].to_numpy()],
                views,
                comments,
                coins,
                engagement,
            ]
        )

    def close(self) -> dict[str, int | float]:
        """Write the channels, finish all files and count what is in them."""
        channels = self.draft.csv(CHANNELS, CHANNEL_COLUMNS)
        done = np.flatnonzero(self.stage.ends <= self.limit)
        done = done[np.lexsort((done, self.stage.ends[done]))]
        channels.write(self._channels(done))
        for file in (channels, self.relations, self.gameshow, *self.parts):
            file.close()
        watched = done[self.totals["viewers"][done] > 0]
        return {
            "rows": self.gameshow.rows + sum(part.rows for part in self.parts),
            "users": int(self._user.sum()),
            "streamers": len(np.unique(self.stage.broadcasts.streamer[watched])),
            "broadcasts": len(watched),
            "channels": len(done),
            "relations": self.relations.rows,
            "pairs": int(self.totals["viewers"].sum()),
        }

    def _channels(self, done: NDArray[np.int64]) -> list[NDArray[Any]]:
        streamer = self.stage.broadcasts.streamer[done]
        genre = self.stage.streamers.genre[streamer]
        community = self.stage.streamers.community[streamer]
        category = np.array(CATEGORIES)[genre]
        of = {name: total[done] for name, total in self.totals.items()}
        title = np.strings.add(np.strings.capitalize(category), " live")
        return [
            self.channels[done],
            self.streamers[streamer],
            title,
            category,
            np.array(LANGUAGES)[community],
            np.array(COUNTRIES)[community],
            self._stamps(self.stage.begins[done]),
            self._stamps(self.stage.ends[done]),
            self.stage.ends[done] - self.stage.begins[done],
            of["likes"],
            of["comments"],
            of["viewers"] // 9,
            of["gifts"],
            of["coins"],
            of["coins"] // 2,
            of["viewers"],
            of["commenters"],
            of["gifters"],
            (of["viewers"] + of["commenters"]) // 7,
            of["time"],
            (genre == GAMESHOW_GENRE).astype(np.int64),
            np.array(["android", "ios"])[streamer % 3 // 2],
        ]

    def _stamps(self, seconds: NDArray[np.int64]) -> NDArray[np.str_]:
        first = pd.Timestamp(self.stage.config.starts)
        times = first + pd.to_timedelta(seconds, unit="s")
        return np.asarray(times.tz_convert("UTC").strftime(TIME_FORMAT), dtype=np.str_)
