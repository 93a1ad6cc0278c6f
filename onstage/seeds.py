"""One seed in the settings; a generator per named purpose."""

import hashlib

import numpy as np


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """Make the generator of one purpose, independent of every other purpose.

    Parameters
    ----------
    seed
        The run's one seed, 0 or more.
    purpose
        A path of names, e.g. ``"fit", "als"``. The same path gives the same stream on every
        machine and in every process.
    """
    digest = hashlib.sha256("/".join(purpose).encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def integer(rng: np.random.Generator) -> int:
    """Draw a seed for a library that wants an int (implicit, scikit-learn, torch)."""
    return int(rng.integers(2**31 - 1))
