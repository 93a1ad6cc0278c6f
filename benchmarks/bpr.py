"""BPR: Onstage against bare implicit, one thread each, the same pairs and epochs.

Run: ``python -m benchmarks.bpr`` (``--help`` for the sizes). Both sides are processes of their own
that take turns. Bare implicit runs all epochs in one call; Onstage calls it epoch by epoch, so that
a trial can be watched and given up. The last line is Onstage's own engine, which draws negatives
from what was live: implicit has nothing like it.
"""

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.als import drawn, save, sizes
from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.worker import ONE_THREAD, Worker, rounds_of, seconds


SETTINGS: Final[dict[str, Any]] = {
    "factors": 64,
    "learning_rate": 0.05,
    "regularization": 0.01,
    "iterations": 10,
}


def main() -> None:
    asked = parsed()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        rows, pairs = drawn(asked)
        pairs.data = np.ones_like(pairs.data)
        save(folder, rows, pairs)
        bare = "bpr", folder / "matrix.npz", json.dumps(SETTINGS | {"num_threads": 1})
        mine = {"algorithm": "bpr", **SETTINGS}
        given = folder / "rows.npz", json.dumps(mine), 1
        live = folder / "rows.npz", json.dumps(mine | {"negatives": "live"}), 1
        sides = (
            ("bare", "implicit", "bare_fit", bare),
            ("ours", None, "our_fit", given),
            ("ours, live negatives", None, "our_fit", live),
        )
        workers = {
            side: stack.enter_context(Worker(peer, script, *words, environment=ONE_THREAD))
            for side, peer, script, words in sides
        }
        found = {n: seconds(a) for n, a in rounds_of(workers, asked.repeats).items()}
    about = (
        f"BPR, {pairs.nnz:,} pairs of {asked.users:,} users and {asked.items:,} items, "
        f"{SETTINGS['factors']} factors, {SETTINGS['iterations']} epochs, one thread"
    )
    figures = [
        Figure("BPR fit, ours", "s", tuple(found["ours"])),
        Figure("BPR fit, bare implicit", "s", tuple(found["bare"])),
        ratio("BPR fit: ours over bare implicit", found["ours"], found["bare"]),
        Figure("BPR fit, ours with live negatives", "s", tuple(found["ours, live negatives"])),
    ]
    tell(about, figures, asked.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    sizes(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
