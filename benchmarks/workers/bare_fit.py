"""implicit alone: fit a finished matrix. Arguments: als or bpr, file, settings as JSON."""

import json
import sys
import warnings

import numpy as np
from scipy import sparse
from turn import answer, versions


algorithm, path, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
warnings.simplefilter("ignore", RuntimeWarning)  # implicit's own about the BLAS variable
with np.load(path) as stored:
    parts = stored["data"], stored["indices"], stored["indptr"]
    matrix = sparse.csr_matrix(parts, shape=tuple(stored["shape"]))
if algorithm == "als":
    from implicit.cpu.als import AlternatingLeastSquares as Model
else:
    from implicit.cpu.bpr import BayesianPersonalizedRanking as Model


def fit() -> None:
    """Fit once, from nothing."""
    Model(random_state=1, **settings).fit(matrix, show_progress=False)


answer(fit, versions=versions("implicit", "numpy", "scipy"))
