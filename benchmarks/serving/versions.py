"""The models that are served, and what they should answer."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


K = 10
Lists = dict[int, list[tuple[int, float]]]
"""Items and scores by user."""


def made(arguments: argparse.Namespace, folder: Path, number: int) -> Lists:
    """Save a version, and say what it should answer to the first users."""
    from onstage.availability.index import AvailabilityIndex
    from onstage.data.clock import Clock
    from onstage.data.dataset import Dataset
    from onstage.models.als import Als, AlsConfig
    from onstage.models.base import Recommender
    from onstage.models.memory import Memory, MemoryConfig
    from onstage.serving.bundle import Bundle, save_bundle

    rng = np.random.default_rng(number)
    n = arguments.rows
    user = np.append(np.arange(arguments.users), rng.integers(arguments.users, size=n))
    item = rng.integers(arguments.items, size=len(user))
    item[: arguments.items] = np.arange(min(arguments.items, len(item)))
    data = Dataset(
        pd.Index(np.arange(arguments.users)),
        pd.Index(np.arange(arguments.items)),
        Clock(kind="step", step_seconds=60),
        user,
        item,
        np.arange(len(user)),
        np.ones(len(user), dtype=np.float32),
    )
    model: Recommender[Any]
    if arguments.algorithm == "memory":
        model = Memory(MemoryConfig()).fit(data)
    else:
        shape = (arguments.users, arguments.factors), (arguments.items, arguments.factors)
        factors = [rng.normal(size=one).astype(np.float32) for one in shape]
        state = dict(zip(("user_factors", "item_factors"), factors, strict=True))
        model = Als(AlsConfig(factors=arguments.factors)).restore(data, state)
    live = np.sort(rng.choice(arguments.items, arguments.live, replace=False))
    far = np.full(len(live), 1 << 40)
    index = AvailabilityIndex.merged(arguments.items, live, np.zeros_like(live), far)
    save_bundle(model, folder / f"v{number}", availability=index)
    table = Bundle(model, index).recommend(np.arange(500), "last", K)
    lists: Lists = {one: [] for one in range(500)}
    for who, what, score in zip(table["user_id"], table["item_id"], table["score"], strict=True):
        lists[int(who)].append((int(what), float(score)))
    return lists
