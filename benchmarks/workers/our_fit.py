"""Onstage: fit a data set. Arguments: als or bpr, file, settings as JSON."""

import json
import sys
import warnings

import numpy as np
import pandas as pd
from turn import answer, versions

from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.models.catalog import build, parse
from onstage.models.config import FitOptions


path, config = sys.argv[1], json.loads(sys.argv[2])
threads = int(sys.argv[3])
warnings.simplefilter("ignore", RuntimeWarning)
with np.load(path) as stored:
    table = pd.DataFrame({"user_id": stored["user"], "item_id": stored["item"]})
table["timestamp"] = np.arange(len(table))
data = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=1))
pairs = data.matrix.nnz  # made once, as the peer's matrix is


def fit() -> None:
    """Fit once, from nothing."""
    build(parse(config)).fit(data, FitOptions(seed=1, threads=threads))


answer(fit, pairs=int(pairs), versions=versions("implicit", "numpy", "scipy"))
