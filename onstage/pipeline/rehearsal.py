"""A rehearsal: a simulated platform whose log arrives day by day, with all that can happen."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.upheaval import Upheaval
from onstage.errors import ConfigError
from onstage.pipeline.workspace import write_atomically


ARRIVED: Final = "arrived"
"""Folder of the files that have come."""
HISTORY: Final = 22
"""Days that the log has before the first night."""
STREAMERS: Final = 300
LEAST: Final = 5
"""Nights in which everything can happen once."""


class Plan(BaseModel):
    """What happens in which night. Days are counted as the nights that follow them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    nights: int = Field(ge=LEAST)
    """How many."""
    bad: int
    """This day's file is broken: start and stop are interchanged. It comes anew a day later."""
    silent: int | None
    """This day's file is a day late, so the night has nothing new."""
    change: int
    """First day on which viewers and streamers have other habits."""
    rollback: int
    """Before this night a person gives ``@champion`` back to the version before."""

    @classmethod
    def of(cls, nights: int) -> Self:
        """Spread the events over so many nights.

        Raises
        ------
        ConfigError
            If they are too few for all events.
        """
        if nights < LEAST:
            message = f"a rehearsal of {nights} nights has no room for its events; give {LEAST}"
            raise ConfigError(message)
        if nights < 2 * LEAST:  # nothing is late, and the change comes soon
            return cls(nights=nights, bad=2, silent=None, change=4, rollback=nights)
        change, rollback = max(7, nights // 2), nights - 3
        return cls(nights=nights, bad=3, silent=5, change=change, rollback=rollback)


@dataclass(frozen=True)
class Stage:
    """The platform and its files.

    Attributes
    ----------
    folder
        Where the configuration and the files are written.
    name
        Name of the data set.
    users
        Viewers.
    seed
        Same seed, same story.
    """

    folder: Path
    plan: Plan
    name: str = "rehearsal"
    users: int = 1_600
    seed: int = 5

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / f"{self.name}.yaml"

    @cached_property
    def log(self) -> pd.DataFrame:
        """Everything that will ever arrive, sorted by stop."""
        config = SimulationConfig(
            shape="twitch",
            users=self.users,
            streamers=STREAMERS,
            days=HISTORY + self.plan.nights,
            seed=self.seed,
        )
        return Upheaval(config, HISTORY + self.plan.change - 1).rows()

    def write_config(self) -> Path:
        """Write the configuration; its path.

        Raises
        ------
        ConfigError
            If there was a rehearsal in this folder already.
        """
        if (self.folder / ARRIVED).exists():
            message = (
                f"{self.folder}: a rehearsal was held here already; remove the folder, or name "
                "another"
            )
            raise ConfigError(message)
        columns = {
            "user_id": "user",
            "broadcast_id": "stream",
            "item_id": "streamer",
            "timestamp": "start",
            "ends_at": "stop",
        }
        content = {
            "name": self.name,
            "seed": self.seed,
            "clock": {"kind": "step", "step_seconds": 600},
            "data": {
                "folder": str((self.folder / ARRIVED).resolve()),
                "interactions": {"path": "day-*.csv", "columns": columns},
                "windows": "interactions",
            },
            "protocols": [{"kind": "live", "track": "B", "part_steps": STEPS_PER_DAY}],
            "models": {
                "popularity": {"algorithm": "popularity"},
                "memory": {"algorithm": "memory", "kind": "count"},
                "memory(decay)": {"algorithm": "memory", "kind": "decay", "half_life_days": 3},
                "item_knn": {"algorithm": "item_knn"},
                "ease": {"algorithm": "ease"},
            },
            "sweep": {"algorithms": {}},
            "clusters": {"k_max": 4},
            "recommend": {"k": 5},
        }
        write_atomically(self.config, yaml.safe_dump(content, sort_keys=False))
        return self.config

    def arrive(self, night: int) -> tuple[int, tuple[str, ...]]:
        """Let the files of the day before `night` arrive.

        Returns
        -------
        tuple of int and tuple of str
            Rows of the files that came or were replaced, and what is staged.
        """
        plan = self.plan
        if night == 1:
            return self._write(0, HISTORY) + self._write(1), ()
        if night == plan.silent:
            return 0, ("the day's file is late",)
        story, rows = [], 0
        for late in (plan.bad, plan.silent):
            if late is not None and night == late + 1:
                rows += self._write(late)
                story.append("the file of the day before has come" if late == plan.silent
                             else "the broken file has come anew")  # fmt: skip
        if night == plan.bad:
            story.append("the day's file is broken: start and stop are interchanged")
        if night == plan.change:
            story.append("viewers and streamers have other habits since this day")
        return rows + self._write(night, broken=night == plan.bad), tuple(story)

    def _write(self, day: int, days: int = 1, *, broken: bool = False) -> int:
        """Write the rows that stopped on a day; day 0 is all of the history."""
        ends = (HISTORY + day) * STEPS_PER_DAY
        stop = self.log["stop"]
        rows = self.log[(stop > ends - days * STEPS_PER_DAY) & (stop <= ends)]
        if broken:
            rows = rows.rename(columns={"start": "stop", "stop": "start"})
        text = rows.to_csv(index=False)
        write_atomically(self.folder / ARRIVED / f"day-{day:03d}.csv", text)
        return len(rows)
