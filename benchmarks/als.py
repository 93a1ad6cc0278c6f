"""ALS: Onstage against bare implicit on the same matrix, with the BLAS variable set and unset.

Run: ``python -m benchmarks.als`` (``--help`` for the sizes). Each side is a process of its own,
implicit in an environment of its own, and all take turns. Bare implicit is given the finished
confidence matrix, Onstage the data set, whose matrix is made as well. implicit is to be run with
``OPENBLAS_NUM_THREADS=1``; the last lines show what forgetting it costs, and that Onstage does not
depend on it.
"""

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.worker import Worker, rounds_of, seconds


SETTINGS: Final[dict[str, Any]] = {"factors": 64, "regularization": 0.1, "iterations": 5}
ALPHA: Final = 15.0
UNSET: Final[dict[str, str]] = {}
ONE: Final = {"OPENBLAS_NUM_THREADS": "1"}


def main() -> None:
    asked = parsed()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        rows, confidence = drawn(asked)
        confidence.data = 1 + np.float32(ALPHA) * np.log1p(confidence.data)
        save(folder, rows, confidence)
        bare = "als", folder / "matrix.npz", json.dumps(SETTINGS | {"num_threads": asked.threads})
        config = json.dumps({"algorithm": "als", "alpha": ALPHA, "weighting": "log", **SETTINGS})
        mine = folder / "rows.npz", config, asked.threads
        workers = {
            (side, env): stack.enter_context(
                Worker("implicit", "bare_fit", *bare, environment=variables)
                if side == "bare"
                else Worker(None, "our_fit", *mine, environment=variables)
            )
            for side in ("bare", "ours")
            for env, variables in (("1", ONE), ("unset", UNSET))
        }
        found = rounds_of({f"{side} {env}": w for (side, env), w in workers.items()}, asked.repeats)
    about = (
        f"ALS, {asked.rows:,} rows, {confidence.nnz:,} pairs, {asked.users:,} users, "
        f"{asked.items:,} items, {SETTINGS['factors']} factors, {SETTINGS['iterations']} iterations"
    )
    tell(about, figures({name: seconds(one) for name, one in found.items()}), asked.output)


def figures(spent: dict[str, list[float]]) -> list[Figure]:
    return [
        Figure("ALS fit, ours, OPENBLAS_NUM_THREADS=1", "s", tuple(spent["ours 1"])),
        Figure("ALS fit, bare implicit, OPENBLAS_NUM_THREADS=1", "s", tuple(spent["bare 1"])),
        ratio("ALS fit: ours over bare implicit, both with 1", spent["ours 1"], spent["bare 1"]),
        ratio("ALS fit: ours, unset over 1", spent["ours unset"], spent["ours 1"], at_most=1.2),
        ratio("ALS fit: bare implicit, unset over 1", spent["bare unset"], spent["bare 1"]),
    ]


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    sizes(parser)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as cores")
    return parser.parse_args()


def sizes(parser: argparse.ArgumentParser) -> None:
    """What the log is, and how often is measured."""
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=5)


def drawn(
    asked: argparse.Namespace,
) -> tuple[dict[str, NDArray[np.int64]], sparse.csr_matrix]:
    """Rows of a log in which few items are popular, and how often each pair occurs in it."""
    rng = np.random.default_rng(0)
    popular = 1 / np.arange(1, asked.items + 1) ** 0.8
    user = rng.integers(asked.users, size=asked.rows)
    item = rng.choice(asked.items, asked.rows, p=popular / popular.sum())
    ones = np.ones(asked.rows, dtype=np.float32)
    place = np.unique(user, return_inverse=True)[1], np.unique(item, return_inverse=True)[1]
    return {"user": user, "item": item}, sparse.coo_matrix((ones, place)).tocsr()


def save(folder: Path, rows: dict[str, NDArray[np.int64]], matrix: sparse.csr_matrix) -> None:
    """Write what the workers read."""
    np.savez(folder / "rows.npz", **rows)
    save_matrix(folder / "matrix.npz", matrix)


def save_matrix(path: Path, matrix: sparse.csr_matrix) -> None:
    """A matrix as a peer's worker reads it."""
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    np.savez(path, shape=matrix.shape, **parts)


if __name__ == "__main__":
    main()
