"""implicit's own evaluation of given factors. Arguments: folder, depth."""

import sys
import warnings
from pathlib import Path

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.evaluation import ranking_metrics_at_k
from scipy import sparse
from turn import answer, versions


folder, depth = Path(sys.argv[1]), int(sys.argv[2])
warnings.simplefilter("ignore", RuntimeWarning)


def matrix(name: str) -> sparse.csr_matrix:
    """Read one matrix."""
    with np.load(folder / f"{name}.npz") as stored:
        parts = stored["data"], stored["indices"], stored["indptr"]
        return sparse.csr_matrix(parts, shape=tuple(stored["shape"]))


train, hidden = matrix("train"), matrix("hidden")
with np.load(folder / "factors.npz") as stored:
    model = AlternatingLeastSquares(factors=stored["users"].shape[1], num_threads=1)
    model.user_factors, model.item_factors = stored["users"], stored["items"]


def evaluate() -> dict[str, object]:
    """All its metrics at one depth."""
    found = ranking_metrics_at_k(model, train, hidden, K=depth, show_progress=False, num_threads=1)
    return {"values": {name: float(value) for name, value in found.items()}}


answer(evaluate, versions=versions("implicit", "numpy", "scipy"))
