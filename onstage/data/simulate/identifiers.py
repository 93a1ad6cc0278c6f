"""Identifiers that look like the platforms' own."""

import numpy as np
from numpy.typing import NDArray

from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.stage import Stage
from onstage.seeds import generator


_SYLLABLES = np.array([c + v for c in "bcdfghjklmnprstvwxyz" for v in "aeiou"])


def user_ids(config: SimulationConfig) -> NDArray[np.generic]:
    """Identifier of each viewer: integers from 1 (``twitch``) or UUIDs (``kumu``)."""
    if config.shape == "twitch":
        return np.arange(1, config.users + 1)
    return _uuids(generator(config.seed, "simulate", "ids", "viewers"), config.users)


def streamer_ids(stage: Stage) -> NDArray[np.generic]:
    """Identifier of each streamer: a made-up name (``twitch``) or a UUID (``kumu``).

    They say nothing about popularity.
    """
    rng = generator(stage.config.seed, "simulate", "ids", "streamers")
    n = len(stage.streamers)
    if stage.config.shape == "kumu":
        return _uuids(rng, n)
    base, name = len(_SYLLABLES), np.full(n, "", dtype="<U8")
    syllables = 3 if 2 * n <= base**3 else 4
    number = rng.choice(base**syllables, n, replace=False)
    for _ in range(syllables):
        number, digit = np.divmod(number, base)
        name = np.strings.add(name, _SYLLABLES[digit])
    return name


def broadcast_ids(stage: Stage) -> NDArray[np.generic]:
    """Identifier of each broadcast: integers that rise with the start, or UUIDs (``kumu``)."""
    rng = generator(stage.config.seed, "simulate", "ids", "broadcasts")
    n = len(stage.broadcasts)
    if stage.config.shape == "kumu":
        return _uuids(rng, n)
    ids = np.empty(n, dtype=np.int64)
    order = np.argsort(stage.broadcasts.start, kind="stable")
    ids[order] = 33_800_000_000 + np.cumsum(rng.integers(1, 400, n))
    return ids


def _uuids(rng: np.random.Generator, n: int) -> NDArray[np.str_]:
    raw = rng.integers(0, 256, (n, 16), dtype=np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(raw.tobytes().hex().encode(), dtype="S1").reshape(n, 32)
    text = np.full((n, 36), b"-", dtype="S1")
    text[:, [i for i in range(36) if i not in {8, 13, 18, 23}]] = digits
    return text.view("S36").ravel().astype("<U36")
