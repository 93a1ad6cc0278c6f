"""A platform whose viewers and streamers change their habits on one day."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.identifiers import broadcast_ids, streamer_ids, user_ids
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.viewers import blocks, make_viewers
from onstage.data.simulate.watching import watch
from onstage.errors import ConfigError
from onstage.seeds import generator


HEADER = ("user", "stream", "streamer", "start", "stop")
"""Columns of a log of the shape ``twitch``, which has no header itself."""


@dataclass(frozen=True)
class Upheaval:
    """On one day a share of the viewers becomes other viewers of other streamers.

    Attributes
    ----------
    config
        The platform before, shape ``twitch``.
    day
        First day (from 0) of the new habits.
    share
        Share of the viewers who change, 0 to 1.
    """

    config: SimulationConfig
    day: int
    share: float = 1.0

    def rows(self) -> pd.DataFrame:
        """The whole log, both before and after, sorted by stop.

        Until the day the log is that of `config`. From then on the chosen viewers do what the
        viewers of the same names do on a second platform, drawn from another seed: other tastes,
        other usual hours, other favourites. Its streamers bear the names of the first platform's,
        so who is popular, and when they broadcast, changes too.

        Returns
        -------
        pandas.DataFrame
            See :data:`HEADER`; steps of ten minutes.

        Raises
        ------
        ConfigError
            If the shape is not ``twitch``, or the day lies outside the period.
        """
        if self.config.shape != "twitch" or not 0 <= self.day <= self.config.days:
            message = (
                f"upheaval on day {self.day} of {self.config.days} of shape {self.config.shape}: "
                "the shape must be twitch and the day inside the period"
            )
            raise ConfigError(message)
        other = self.config.model_copy(update={"seed": self.config.seed + 1})
        one, two = _log(self.config), _log(other)
        rng = generator(self.config.seed, "simulate", "upheaval")
        users = np.arange(1, self.config.users + 1)
        chosen = users[rng.random(len(users)) < self.share]
        names = streamer_ids(Stage.build(self.config))
        theirs = pd.Series(rng.permutation(names), index=streamer_ids(Stage.build(other)))
        two = two.assign(streamer=theirs[two["streamer"]].to_numpy(), stream=-two["stream"])
        new = one["start"] >= self.day * STEPS_PER_DAY
        before = one[~new | ~one["user"].isin(chosen)]
        after = two[(two["start"] >= self.day * STEPS_PER_DAY) & two["user"].isin(chosen)]
        return pd.concat([before, after]).sort_values("stop", kind="stable", ignore_index=True)


def _log(config: SimulationConfig) -> pd.DataFrame:
    stage = Stage.build(config)
    users, streamers, streams = user_ids(config), streamer_ids(stage), broadcast_ids(stage)
    parts = []
    for block in range(blocks(config.users)):
        rng = generator(config.seed, "simulate", config.shape, "evening", str(block))
        made = watch(make_viewers(config, block), stage, rng)
        columns = (
            users[made.user],
            streams[made.broadcast],
            streamers[stage.broadcasts.streamer[made.broadcast]],
            made.start,
            made.stop,
        )
        parts.append(pd.DataFrame(dict(zip(HEADER, columns, strict=True))))
    return pd.concat(parts, ignore_index=True)
