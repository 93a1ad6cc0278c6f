"""Read the lists that every library of metrics is given."""

import numpy as np
import pandas as pd


def read(path: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of lists (user_id, item_id, rank) and of what was relevant (user_id, item_id)."""
    with np.load(path) as data:
        lists = {"user_id": data["user"], "item_id": data["item"], "rank": data["rank"]}
        relevant = {"user_id": data["relevant_user"], "item_id": data["relevant_item"]}
    return pd.DataFrame(lists), pd.DataFrame(relevant)
