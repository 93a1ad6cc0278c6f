"""Writing the truth beside the log: what no recommender knows."""

import json
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.data.simulate.files import write_parquet
from onstage.data.simulate.laws import GENRES
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.viewers import Viewers, nearness
from onstage.data.simulate.watching import Watches


TRUTH: Final = "truth"
RECORD: Final = "simulation.json"
STREAMERS: Final = "streamers.parquet"
BROADCASTS: Final = "broadcasts.parquet"
VIEWERS: Final = "viewers.parquet"
TASTES: Final = "tastes.npz"
WATCHES: Final = "watches.parquet"


class TruthFiles:
    """The folder ``truth/``; see :class:`onstage.data.simulate.truth.Truth` for its meaning.

    Parameters
    ----------
    stage
        The platform.
    folder
        Made here.
    until_day
        As given to the simulation.
    """

    def __init__(self, stage: Stage, folder: Path, until_day: int | None) -> None:
        folder.mkdir()
        self.stage, self.folder, self.until_day = stage, folder, until_day
        users = stage.config.users
        self.community = np.zeros(users, dtype=np.int64)
        self.loyalty, self.novelty = np.zeros(users), np.zeros(users)
        self.patience, self.rows = np.zeros(users), np.zeros(users, dtype=np.int64)
        self.taste = np.zeros((users, GENRES))
        self.watches: list[Watches] = []

    def write(self, viewers: Viewers, watches: Watches) -> None:
        """Note one block."""
        config, law = self.stage.config, self.stage.law
        self.community[viewers.user] = viewers.community
        self.loyalty[viewers.user] = viewers.loyalty * config.loyalty
        self.novelty[viewers.user] = viewers.novelty * config.novelty * law.novelty
        self.patience[viewers.user] = viewers.patience
        self.rows[viewers.user] = viewers.rows
        self.taste[viewers.user] = viewers.taste
        self.watches.append(watches)

    def close(self, users: NDArray[np.generic], streamers: NDArray[np.generic]) -> None:
        """Write all files."""
        stage = self.stage
        record = {"config": stage.config.model_dump(mode="json"), "until_day": self.until_day}
        (self.folder / RECORD).write_text(json.dumps(record, indent=1) + "\n")
        of = stage.streamers
        write_parquet(
            self.folder / STREAMERS,
            {
                "streamer": streamers,
                "community": of.community,
                "genre": of.genre,
                "audience": of.audience,
                "usual_step": of.usual,
                "weekdays": of.weekdays @ (1 << np.arange(7)),
                "broadcasts_a_week": of.rate,
                "hold": of.hold,
            },
        )
        write_parquet(
            self.folder / BROADCASTS,
            {
                "streamer": stage.broadcasts.streamer,
                "starts": stage.begins,
                "ends": stage.ends,
                "weight": stage.broadcasts.weight,
            },
        )
        write_parquet(
            self.folder / VIEWERS,
            {
                "user": users,
                "community": self.community,
                "loyalty": self.loyalty,
                "novelty": self.novelty,
                "patience": self.patience,
                "rows": self.rows,
            },
        )
        np.savez_compressed(self.folder / TASTES, taste=self.taste, nearness=nearness(stage.law))
        self._close_watches()

    def _close_watches(self) -> None:
        table = pd.DataFrame(
            {
                name: np.concatenate([getattr(part, name) for part in self.watches])
                for name in ("user", "broadcast", "start", "stop")
            }
        )
        write_parquet(
            self.folder / WATCHES, {name: table[name].to_numpy() for name in table.columns}
        )
