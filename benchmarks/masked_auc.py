"""Masked AUC: counted for all users at once, against the notebook's loop over users, same values.

Run: ``python -m benchmarks.masked_auc`` (``--help`` for sizes). The loop is that of seed 000: for
each user dense rows, a product with sparse factors, and two ROC curves by scikit-learn. Where users
are many it is measured on a sample of them. Both sides get the same finished factors and the same
masked matrix. CPU seconds of one thread, so that a busy machine changes little.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.figure import Figure, arguments_of, ratio, tell
from onstage.evaluation.masked_auc import factor_blocks, list_aucs, user_aucs
from onstage.models.blas import single_blas
from onstage.settings import load_settings


FACTORS, REGULARIZATION, ALPHA, SHARE = 20, 0.1, 40.0, 0.2


def main() -> None:
    arguments = parsed()
    figures = []
    if arguments.movielens.exists():
        figures += measure("MovieLens", movielens(arguments.movielens), arguments)
    shape = (arguments.users, arguments.items, arguments.pairs)
    figures += measure("simulated", simulated(*shape), arguments)
    about = (
        f"simulated: {shape[0]:,} users, {shape[1]:,} items, {shape[2]:,} pairs; the loop on "
        f"{arguments.sample} users; CPU seconds of one thread"
    )
    tell(about, figures, arguments.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    here = load_settings().data / "movielens-latest-small" / "ratings.csv"
    parser.add_argument("--movielens", type=Path, default=here)
    parser.add_argument("--users", type=int, default=60_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=700, help="users of the notebook's loop")
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def movielens(path: Path) -> sparse.csr_matrix:
    table = pd.read_csv(path)
    user, item = (pd.factorize(table[c], sort=True)[0] for c in ("userId", "movieId"))
    return sparse.csr_matrix((table["rating"].to_numpy(float), (user, item)))


def simulated(users: int, items: int, pairs: int) -> sparse.csr_matrix:
    """Few popular items and many others, few busy users and many others; weights log-normal."""
    rng = np.random.default_rng(0)
    popular, busy = (1 / np.arange(1, n + 1) ** p for n, p in ((items, 0.8), (users, 0.4)))
    user = rng.choice(users, size=pairs, p=busy / busy.sum())
    item = rng.choice(items, size=pairs, p=popular / popular.sum())
    weight = rng.lognormal(0, 1, size=pairs)
    return sparse.coo_matrix((weight, (user, item)), shape=(users, items)).tocsr()


def masked(matrix: sparse.csr_matrix) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """What is known, and what is hidden (as ones)."""
    rng = np.random.default_rng(1)
    hide = np.zeros(matrix.nnz, dtype=bool)
    hide[rng.choice(matrix.nnz, size=int(np.ceil(SHARE * matrix.nnz)), replace=False)] = True
    known, hidden = matrix.copy(), matrix.copy()
    known.data[hide], hidden.data[:] = 0, hide
    for one in (known, hidden):
        one.eliminate_zeros()
        one.sort_indices()
    return known, hidden


def factors(known: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    from implicit.cpu.als import AlternatingLeastSquares

    with single_blas():
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=REGULARIZATION, iterations=5, random_state=0
        )
        model.fit((known * ALPHA).astype(np.float32), show_progress=False)
    return model.user_factors, model.item_factors


def loop(
    users: np.ndarray,
    predictions: tuple[sparse.csr_matrix, sparse.csr_matrix],
    train: sparse.csr_matrix,
    test: sparse.csr_matrix,
) -> np.ndarray:
    """The body of the notebook's ``calc_mean_auc``, shape (n_users, 2)."""
    from sklearn import metrics

    popular = np.array(test.sum(axis=0)).reshape(-1)
    found = []
    for user in users:
        row = train[user, :].toarray().reshape(-1)
        zero = np.where(row == 0)
        scores = predictions[0][user, :].dot(predictions[1]).toarray()[0, zero].reshape(-1)
        actual = test[user, :].toarray()[0, zero].reshape(-1)
        areas = []
        for guess in (scores, popular[zero]):
            wrong, right, _ = metrics.roc_curve(actual, guess)
            areas.append(metrics.auc(wrong, right))
        found.append(areas)
    return np.array(found)


def counted(
    users: np.ndarray,
    vectors: tuple[np.ndarray, np.ndarray],
    known: sparse.csr_matrix,
    hidden: sparse.csr_matrix,
    popular: np.ndarray,
) -> np.ndarray:
    model = user_aucs(factor_blocks(*vectors, known, users), hidden)
    return np.stack([model, list_aucs(popular, known, hidden)], axis=1)[users]


def difference(
    sample: np.ndarray,
    vectors: tuple[np.ndarray, np.ndarray],
    known: sparse.csr_matrix,
    hidden: sparse.csr_matrix,
    test: sparse.csr_matrix,
) -> np.ndarray:
    """Between the two ways, of each user in the sample and both scores; products in 64 bits.

    In 32 bits sparse and dense products round in another order, and pairs of items that are nearly
    tied may change places: that is the scores', not the areas'.
    """
    user, item = (one.astype(np.float64) for one in vectors)
    popular = np.array(test.sum(axis=0)).reshape(-1)
    slow = loop(sample, (sparse.csr_matrix(user), sparse.csr_matrix(item.T)), known, test)
    return np.abs(slow - counted(sample, (user, item), known, hidden, popular))


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    spent = time.process_time()
    with single_blas():
        value = work()
    return value, time.process_time() - spent


def measure(name: str, matrix: sparse.csr_matrix, arguments: argparse.Namespace) -> list[Figure]:
    known, hidden = masked(matrix)
    test = (matrix != 0).astype(float)
    users = np.flatnonzero(np.diff(hidden.indptr))
    vectors = factors(known)
    popular = np.array(test.sum(axis=0)).reshape(-1)
    few = min(len(users), arguments.sample)
    sample = np.sort(np.random.default_rng(2).choice(users, few, replace=False))
    sides = (sparse.csr_matrix(vectors[0]), sparse.csr_matrix(vectors[1].T))
    slow, fast = [], []
    loop(sample[:1], sides, known, test)  # imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(arguments.repeats):
        fast.append(timed(lambda: counted(users, vectors, known, hidden, popular)))
        slow.append(timed(lambda: loop(sample, sides, known, test)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    gap = difference(sample, vectors, known, hidden, test)
    each = [seconds * len(users) / len(sample) for _, seconds in slow]
    counts = tuple(seconds for _, seconds in fast)
    what = f"{name}, {hidden.nnz / len(users):.1f} hidden a user"
    return [
        ratio(f"masked AUC: the notebook's loop over ours, {what}", each, counts),
        Figure(f"masked AUC of all users, {name} (CPU)", "s", counts),
        Figure(f"largest difference of a user's AUC, 64 bits, {name}", "", (float(gap.max()),),
               at_most=1e-9),
        Figure(f"peak memory grew, {name}", "MiB", (grown,)),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
