"""RecTools, from tables. Arguments: file of lists, depth."""

import sys
import warnings

from lists_file import read
from rectools.metrics import MAP, MRR, NDCG, HitRate, Precision, Recall, calc_metrics
from turn import answer, versions


path, depth = sys.argv[1], int(sys.argv[2])
warnings.simplefilter("ignore")
lists, relevant = read(path)
METRICS = {
    "ndcg": NDCG(depth, divide_by_achievable=True),
    "hitrate": HitRate(depth),
    "precision": Precision(depth),
    "recall": Recall(depth),
    "mrr": MRR(depth),
    "mapr": MAP(depth),
}


def count() -> dict[str, object]:
    """Six metrics."""
    found = calc_metrics(METRICS, reco=lists, interactions=relevant)
    return {"values": {name: float(found[name]) for name in METRICS}}


answer(count, versions=versions("rectools", "numpy", "pandas"))
