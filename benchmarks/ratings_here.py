"""The ratings that benchmarks of ratings models use."""

import numpy as np
import pandas as pd

from onstage.models.ratings.target import Ratings
from onstage.settings import load_settings


def ratings_here(seed: int) -> tuple[str, Ratings]:
    """MovieLens, or what a factor model would rate."""
    path = load_settings().data / "movielens-latest-small" / "ratings.csv"
    if path.exists():
        table = pd.read_csv(path)
        users, user = np.unique(table["userId"], return_inverse=True)
        items, item = np.unique(table["movieId"], return_inverse=True)
        order = np.lexsort((item, user))
        value = table["rating"].to_numpy(dtype=np.float64)
        made = Ratings(user[order], item[order], value[order], len(users), len(items))
        return "MovieLens latest small", made
    rng = np.random.default_rng(seed)
    pair = np.sort(rng.choice(600 * 3000, 60_000, replace=False))
    user, item = pair // 3000, pair % 3000
    dot = (rng.normal(0, 0.3, (600, 8))[user] * rng.normal(0, 0.6, (3000, 8))[item]).sum(axis=1)
    bias = rng.normal(0, 0.4, 600)[user] + rng.normal(0, 0.4, 3000)[item]
    value = np.clip(3.5 + bias + dot + rng.normal(0, 0.8, len(pair)), 0.5, 5.0)
    return "a factor model", Ratings(user, item, value, 600, 3000)
