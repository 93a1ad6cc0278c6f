"""Metrics of stored lists against rs_metrics and ranx: the same values, and CPU seconds.

Run: ``python -m benchmarks.metrics`` (``--help`` for the sizes). The peers live in an environment
that the first run makes under ``--cache`` (rs_metrics, ranx and what they need: a minute or two,
from the package index), so that this project need not have them. Everybody computes six metrics at
depth 10 of the same lists on one thread: random lists of 10 items, 1 to 10 relevant ones a user.
rs_metrics is measured from tables, as its documentation has it, and from dictionaries made before;
ranx after its functions are compiled, from its own structures made before.
"""

import os


for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_threads] = "1"  # before NumPy is imported, and for the peers' process too

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import venv  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from onstage.metrics.from_lists import metrics_of_lists  # noqa: E402


K = 10
GAP = 1e-9
PEERS = ("rs-metrics==0.6.0", "ranx==0.3.21", "numpy==2.4.6", "pandas==3.1.1")
NAMES = {
    "ndcg": "ndcg_at_10",
    "hitrate": "hr_at_10",
    "precision": "precision_at_10",
    "recall": "recall_at_10",
    "mrr": "mrr_at_10",
    "mapr": "map_at_10",
}
"""What rs_metrics calls them; where n <= 10 and lists are full, all conventions are one."""

WORKER = """
import json, sys, time, warnings
import numpy as np
import pandas as pd
warnings.filterwarnings("ignore")
from rs_metrics import metrics as rs
from rs_metrics.helpers import pandas_to_dict
path, k, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)
relevant = pd.DataFrame({"user_id": data["relevant_user"], "item_id": data["relevant_item"]})
lists = pd.DataFrame({"user_id": data["user"], "item_id": data["item"]})
names = ["ndcg", "hitrate", "precision", "recall", "mrr", "mapr"]
def timed(call):
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        spent.append(time.process_time() - start)
    return spent, result
def every(true, pred):
    return {name: float(getattr(rs, name)(true, pred, k=k)) for name in names}
tables, values = timed(lambda: every(relevant, lists))
true, pred = pandas_to_dict(relevant), pandas_to_dict(lists)
dicts, again = timed(lambda: every(true, pred))
assert again == values
from ranx import Qrels, Run, evaluate
qrels = Qrels({str(u): {str(i): 1 for i in items} for u, items in true.items()})
scored = {u: {str(i): float(k - p) for p, i in enumerate(items)} for u, items in pred.items()}
run = Run({str(u): items for u, items in scored.items()})
keys = [f"{name}@{k}" for name in ("ndcg", "hit_rate", "precision", "recall", "mrr", "map")]
evaluate(qrels, run, keys)
compiled, found = timed(lambda: evaluate(qrels, run, keys))
ranx = dict(zip(names, (float(found[key]) for key in keys)))
json.dump({"values": values, "ranx_values": ranx, "tables": tables, "dicts": dicts,
           "ranx": compiled}, sys.stdout)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "onstage" / "peers")
    asked = parser.parse_args()
    python = peers(asked.cache)
    user, item, rank, relevant_user, relevant_item = drawn(asked.users, asked.items)
    lists = pd.DataFrame({"user_id": user, "item_id": item, "rank": rank})
    relevant = pd.DataFrame({"user_id": relevant_user, "item_id": relevant_item})
    ours, values = measured(lists, relevant, 5 * asked.repeats)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists.npz"
        np.savez(
            path, user=user, item=item, relevant_user=relevant_user, relevant_item=relevant_item
        )
        command = [python, "-c", WORKER, path, str(K), str(asked.repeats)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    theirs = json.loads(done.stdout)
    for name, key in NAMES.items():
        for peer in ("values", "ranx_values"):
            if abs(values[key] - theirs[peer][name]) > GAP:
                sys.exit(f"{key}: {values[key]} here, {theirs[peer][name]} there")
    print(f"{asked.users:,} users, lists of {K}, {len(relevant):,} relevant pairs, {len(NAMES)} "
          "metrics; CPU seconds of one thread, median (least to most)")  # fmt: skip
    print(f"Onstage, from tables          {shown(ours)}")
    for label, part in (
        ("rs_metrics, from tables", "tables"),
        ("rs_metrics, from dictionaries", "dicts"),
        ("ranx, compiled, own structures", "ranx"),
    ):
        ratio = statistics.median(theirs[part]) / statistics.median(ours)
        print(f"{label:<30}{shown(theirs[part])}  {ratio:7.1f} x Onstage's time")
    print("equal to 1e-9: " + ", ".join(f"{key} {values[key]:.6f}" for key in NAMES.values()))


def peers(cache: Path) -> Path:
    """The interpreter of the peers' environment, which is made where it is missing."""
    python = cache / "bin" / "python"
    done = cache / "made"
    if not done.exists() or done.read_text() != "\n".join(PEERS):
        print(f"making {cache} with {', '.join(PEERS)} (a minute or two, once)", file=sys.stderr)
        venv.create(cache, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]
        subprocess.run(install, check=True)
        done.write_text("\n".join(PEERS))
    return python


def drawn(n_users: int, n_items: int) -> tuple[NDArray[np.int64], ...]:
    """Lists and relevant items: a relevant item is in the list by luck, and often put there."""
    rng = np.random.default_rng(0)
    top = np.sort(rng.integers(0, n_items - K, (n_users, K)), axis=1) + np.arange(K)  # distinct
    top = rng.permuted(top, axis=1)
    sizes = rng.integers(1, K + 1, n_users)
    user = np.repeat(np.arange(n_users), sizes)
    lucky = rng.random(len(user)) < 0.3
    item = np.where(
        lucky, top[user, rng.integers(0, K, len(user))], rng.integers(0, n_items, len(user))
    )
    pairs = np.unique(user * n_items + item)
    rank = np.tile(np.arange(1, K + 1), n_users)
    return np.repeat(np.arange(n_users), K), top.ravel(), rank, pairs // n_items, pairs % n_items


def measured(
    lists: pd.DataFrame, relevant: pd.DataFrame, repeats: int
) -> tuple[list[float], dict[str, float]]:
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        found = metrics_of_lists(lists, relevant, ks=(K,)).mean()
        spent.append(time.process_time() - start)
    return spent, {str(key): float(value) for key, value in found.items()}


def shown(spent: list[float]) -> str:
    return f"{statistics.median(spent):9.3f} s ({min(spent):.3f} to {max(spent):.3f})"


if __name__ == "__main__":
    main()
