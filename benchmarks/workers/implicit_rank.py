"""implicit's own lists from given factors. Arguments: file, depth, all or live."""

import sys
import warnings

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse
from turn import answer, versions


path, depth, among = sys.argv[1], int(sys.argv[2]), sys.argv[3]
warnings.simplefilter("ignore", RuntimeWarning)
with np.load(path) as stored:
    model = AlternatingLeastSquares(factors=stored["users"].shape[1], num_threads=1)
    model.user_factors, model.item_factors = stored["users"], stored["items"]
    live = stored["live"] if among == "live" else None
users = np.arange(len(model.user_factors))
nothing = sparse.csr_matrix((len(users), len(model.item_factors)), dtype=np.float32)


def rank() -> dict[str, object]:
    """The best of every user."""
    settings = {"N": depth, "filter_already_liked_items": False, "items": live}
    items, _ = model.recommend(users, nothing, **settings)
    return {"found": int(items.size)}


answer(rank, versions=versions("implicit", "numpy", "scipy"))
