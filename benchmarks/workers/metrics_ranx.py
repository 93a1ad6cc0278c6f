"""ranx, from its own structures made before. Arguments: file of lists, depth."""

import sys
import warnings

from lists_file import read
from turn import answer, versions


warnings.simplefilter("ignore")
from ranx import Qrels, Run, evaluate  # noqa: E402


path, depth = sys.argv[1], int(sys.argv[2])
lists, relevant = read(path)
wanted = {
    str(user): {str(item): 1 for item in items}
    for user, items in relevant.groupby("user_id")["item_id"]
}
given = {
    str(user): {str(item): float(depth - place) for place, item in enumerate(items)}
    for user, items in lists.groupby("user_id")["item_id"]
}
qrels, run = Qrels(wanted), Run(given)
NAMES = {
    "ndcg": "ndcg",
    "hitrate": "hit_rate",
    "precision": "precision",
    "recall": "recall",
    "mrr": "mrr",
    "mapr": "map",
}


def count() -> dict[str, object]:
    """Six metrics."""
    found = evaluate(qrels, run, [f"{name}@{depth}" for name in NAMES.values()])
    return {"values": {ours: float(found[f"{its}@{depth}"]) for ours, its in NAMES.items()}}


answer(count, versions=versions("ranx", "numba", "numpy"))
