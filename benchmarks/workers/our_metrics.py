"""Onstage's metrics of lists. Arguments: file of lists, depth."""

import sys

from lists_file import read
from turn import answer

from onstage.metrics.from_lists import metrics_of_lists


path, depth = sys.argv[1], int(sys.argv[2])
lists, relevant = read(path)


def count() -> dict[str, object]:
    """All metrics with a depth, the six among them."""
    found = metrics_of_lists(lists, relevant, ks=(depth,)).mean()
    return {"values": {str(key): float(value) for key, value in found.items()}}


answer(count)
