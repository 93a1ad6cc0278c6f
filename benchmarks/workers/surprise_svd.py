"""Surprise alone: fit SVD, or answer all unseen items of some users.

Arguments: fit or test, file of ratings and users asked, number of factors, seed.
"""

import sys

import numpy as np
from surprise import SVD, Dataset, Reader
from turn import answer, versions


what, path, factors, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
K = 10
with np.load(path) as stored:
    user, item, value = stored["user"], stored["item"], stored["value"]
    asked, answers = stored["asked"], str(stored["answers"])
    n_items = int(stored["n_items"])
rows = list(zip(user.tolist(), item.tolist(), value.tolist(), strict=True))


class Memory(Dataset):
    """Rows that are there already."""

    def __init__(self) -> None:
        super().__init__(Reader(rating_scale=(value.min(), value.max())))
        self.raw_ratings = [(*row, None) for row in rows]


def trained() -> SVD:
    """Make the training set as Surprise does, and fit."""
    data = Memory()
    return SVD(n_factors=factors, random_state=seed).fit(data.construct_trainset(data.raw_ratings))


if what == "fit":

    def work() -> None:
        """Fit once, the training set included."""
        trained()

else:
    model = trained()
    unseen = {
        u: [i for i in range(n_items) if i not in set(item[user == u].tolist())]
        for u in asked.tolist()
    }

    def work() -> None:
        """The best of the unseen items of each user; what was estimated is left in a file."""
        estimates = []
        for one, items in unseen.items():
            found = model.test([(one, i, 0.0) for i in items])
            sorted(found, key=lambda p: -p.est)[:K]
            estimates += [p.est for p in found]
        np.save(answers, np.array(estimates))


answer(work, versions=versions("scikit-surprise", "numpy"))
