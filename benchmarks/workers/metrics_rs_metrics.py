"""rs_metrics. Arguments: file of lists, depth, tables or dictionaries (made before)."""

import sys
import warnings

from lists_file import read
from rs_metrics import metrics
from rs_metrics.helpers import pandas_to_dict
from turn import answer, versions


path, depth, form = sys.argv[1], int(sys.argv[2]), sys.argv[3]
warnings.simplefilter("ignore")
lists, relevant = read(path)
lists = lists[["user_id", "item_id"]]
if form == "dictionaries":
    lists, relevant = pandas_to_dict(lists), pandas_to_dict(relevant)
NAMES = ("ndcg", "hitrate", "precision", "recall", "mrr", "mapr")


def count() -> dict[str, object]:
    """Six metrics."""
    found = {name: getattr(metrics, name)(relevant, lists, k=depth) for name in NAMES}
    return {"values": {name: float(value) for name, value in found.items()}}


answer(count, versions=versions("rs-metrics", "numpy", "pandas"))
