"""The raw file of the shape ``twitch``: user, stream, streamer, start, stop; no header."""

from typing import Final

import numpy as np

from onstage.data.simulate.files import Draft
from onstage.data.simulate.identifiers import broadcast_ids, streamer_ids, user_ids
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.watching import Watches


FILE: Final = "100k_a.csv"


class TwitchFiles:
    """One headerless log in 10-minute steps, one row per (user, broadcast), sorted by user.

    Parameters
    ----------
    stage
        The platform.
    draft
        Where to write.
    limit
        The log's end in ticks: a row is written when its watch has ended.
    """

    def __init__(self, stage: Stage, draft: Draft, limit: int) -> None:
        self.stage, self.limit = stage, limit
        self.users = user_ids(stage.config)
        self.streamers = streamer_ids(stage)
        self.broadcasts = broadcast_ids(stage)
        self.file = draft.csv(FILE)
        self._user = np.zeros(stage.config.users, dtype=np.bool_)
        self._broadcast = np.zeros(len(stage.broadcasts), dtype=np.bool_)

    def write(self, watches: Watches, rng: np.random.Generator) -> Watches:  # noqa: ARG002
        """Append what has ended by the limit, and return it."""
        ended = watches.where(watches.stop <= self.limit)
        streamer = self.stage.broadcasts.streamer[ended.broadcast]
        self._user[ended.user] = True
        self._broadcast[ended.broadcast] = True
        self.file.write(
            [
                self.users[ended.user],
                self.broadcasts[ended.broadcast],
                self.streamers[streamer],
                ended.start,
                ended.stop,
            ]
        )
        return ended

    def close(self) -> dict[str, int | float]:
        """Finish the file and count what is in it."""
        self.file.close()
        seen = np.unique(self.stage.broadcasts.streamer[self._broadcast])
        return {
            "rows": self.file.rows,
            "users": int(self._user.sum()),
            "streamers": len(seen),
            "broadcasts": int(self._broadcast.sum()),
        }
