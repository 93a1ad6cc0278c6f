"""Simulate a platform and write its raw files."""

import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np
from tqdm import tqdm

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.files import published
from onstage.data.simulate.kumu import KumuFiles
from onstage.data.simulate.records import RECORD, TRUTH, TruthFiles
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.twitch import TwitchFiles
from onstage.data.simulate.viewers import blocks, make_viewers
from onstage.data.simulate.watching import watch
from onstage.errors import ConfigError
from onstage.seeds import generator


logger = logging.getLogger(__name__)


def simulate(
    config: SimulationConfig,
    folder: Path,
    *,
    truth: bool = False,
    until_day: int | None = None,
) -> dict[str, int | float]:
    """Simulate `config` and write the raw files that the preset of its shape reads.

    Parameters
    ----------
    config
        Same configuration, same bytes, whatever the number of threads.
    folder
        Made if missing. Files of the same names are replaced, all at the end and each by one
        rename; a failure leaves what was there.
    truth
        Also write ``truth/``: tastes, schedules and choices (:mod:`onstage.data.simulate.truth`).
        Without it an older ``truth/`` of a simulation is removed, since it would be another's.
    until_day
        Write the log as it stood after so many days (1 to ``config.days``): rows of ``twitch``
        that had stopped, broadcasts of ``kumu`` that had ended, with all that belongs to them.
        The log of day 30 is a subset of the log of day 31.

    Returns
    -------
    dict
        ``rows, users, streamers, broadcasts`` (those with at least one row), ``steps``, and more
        on ``kumu``.

    Raises
    ------
    ConfigError
        If `until_day` is outside the period.
    StoreError
        If the folder cannot be written or the disk is full.

    Notes
    -----
    Viewers are simulated 2,048 at a time and written at once: memory grows with the number of
    broadcasts, not with rows.
    """
    steps = _limit(config, until_day)
    stage = Stage.build(config)
    limit = steps * stage.law.ticks_per_step
    with published(folder) as draft:
        files = (TwitchFiles if config.shape == "twitch" else KumuFiles)(stage, draft, limit)
        record = TruthFiles(stage, draft.path / TRUTH, until_day) if truth else None
        for block in tqdm(range(blocks(config.users)), desc="simulate", disable=_quiet()):
            viewers = make_viewers(config, block)
            rng = generator(config.seed, "simulate", config.shape, "evening", str(block))
            watches = files.write(watch(viewers, stage, rng), rng)
            if record is not None:
                record.write(viewers, watches)
        counts = files.close() | {"steps": steps}
        if record is not None:
            record.close(files.users, files.streamers)
        elif (folder / TRUTH / RECORD).is_file():
            shutil.rmtree(folder / TRUTH)
    logger.info("simulated %s into %s", json.dumps(counts), folder)
    return counts


def _limit(config: SimulationConfig, until_day: int | None) -> int:
    if until_day is None:
        return config.horizon
    if not 1 <= until_day <= config.days:
        message = f"until_day {until_day}: must be from 1 to the simulated {config.days} days"
        raise ConfigError(message)
    return int(np.minimum(until_day * STEPS_PER_DAY, config.horizon))


def _quiet() -> bool | None:
    """None lets tqdm look whether it writes to a terminal."""
    return True if os.environ.get("ONSTAGE_PROGRESS", "1") == "0" else None
