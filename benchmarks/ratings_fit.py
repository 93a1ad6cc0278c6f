"""SVD of ratings: Onstage's fit against Surprise alone, the same ratings, seed and model.

Run: ``python -m benchmarks.ratings_fit``. Surprise lives in an environment of its own; both sides
make its training set from arrays and fit, in turns, on one thread (Surprise has no more). Data: the
ratings of MovieLens below ONSTAGE_DATA, else ratings drawn from a factor model.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.ratings_here import ratings_here
from benchmarks.worker import ONE_THREAD, Worker, rounds_of, seconds
from onstage.models.ratings.target import Ratings
from onstage.seeds import generator


SEED = 1


def main() -> None:
    asked = parsed()
    name, whole = ratings_here(0)
    ratings = whole.take(chosen(len(whole), asked.rows))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.npz"
        save(path, ratings, np.empty(0, dtype=np.int64))
        theirs = Worker(
            "surprise", "surprise_svd", "fit", path, asked.factors, SEED, environment=ONE_THREAD
        )
        mine = Worker(None, "our_ratings", path, asked.factors, SEED, environment=ONE_THREAD)
        with theirs, mine:
            found = rounds_of({"ours": mine, "bare": theirs}, asked.repeats)
    spent = {side: seconds(one) for side, one in found.items()}
    figures = [
        Figure("SVD fit, ours", "s", tuple(spent["ours"])),
        Figure("SVD fit, bare Surprise", "s", tuple(spent["bare"])),
        ratio("SVD fit: ours over bare Surprise", spent["ours"], spent["bare"]),
    ]
    about = f"SVD, {name}, {len(ratings):,} ratings, {asked.factors} factors, 20 epochs"
    tell(about, figures, asked.output)


def chosen(n: int, most: int) -> np.ndarray:
    """Which rows, ascending."""
    return np.sort(generator(0, "bench", "rows").permutation(n)[:most])


def save(path: Path, ratings: Ratings, users: np.ndarray) -> None:
    """Write what the workers read: the ratings, who is asked about, where answers go."""
    np.savez(
        path,
        user=ratings.user,
        item=ratings.item,
        value=ratings.value,
        n_users=ratings.n_users,
        n_items=ratings.n_items,
        asked=users,
        answers=str(path.with_name("answers.npy")),
    )


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="ratings at most")
    parser.add_argument("--factors", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
