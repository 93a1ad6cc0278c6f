"""Independent implementations give the same numbers, to 1e-9, where conventions are the same."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from onstage.metrics.catalog import rank_metrics
from onstage.metrics.from_lists import metrics_of_lists
from onstage.metrics.ranks import Ranks


N_USERS, N_ITEMS, K = 60, 40, 10

RANX = """
import json, sys, warnings
warnings.filterwarnings("ignore")
from ranx import Qrels, Run, evaluate
asked = json.load(sys.stdin)
keys = ["ndcg", "map", "mrr", "recall", "precision", "hit_rate"]
run = Run(asked["run"])
evaluate(Qrels(asked["qrels"]), run, [f"{key}@{k}" for key in keys for k in asked["ks"]])
json.dump({key: dict(values) for key, values in run.scores.items()}, sys.stdout)
"""
"""Without compilation: the same code, and a second instead of a minute."""


@dataclass(frozen=True)
class World:
    """Random scores without ties, and random relevant items, 1 to 14 a user."""

    scores: NDArray[np.float64]
    relevant: NDArray[np.bool_]

    @property
    def ranks(self) -> Ranks:
        user, item = np.nonzero(self.relevant)
        mine = self.scores[user]
        truth = self.scores[user, item][:, None]
        return Ranks.from_ties(
            user, (mine > truth).sum(1), (mine == truth).sum(1), np.full(N_USERS, N_ITEMS)
        )

    @property
    def lists(self) -> pd.DataFrame:
        top = np.argsort(-self.scores, axis=1)[:, :20]
        user = np.repeat(np.arange(N_USERS), 20)
        rank = np.tile(np.arange(1, 21), N_USERS)
        return pd.DataFrame({"user_id": user, "item_id": top.ravel(), "rank": rank})

    @property
    def pairs(self) -> pd.DataFrame:
        user, item = np.nonzero(self.relevant)
        return pd.DataFrame({"user_id": user, "item_id": item})


def made(seed: int) -> World:
    rng = np.random.default_rng(seed)
    scores = rng.permuted(np.tile(np.arange(N_ITEMS, dtype=np.float64), (N_USERS, 1)), axis=1)
    relevant = np.zeros((N_USERS, N_ITEMS), dtype=np.bool_)
    for row in relevant:
        row[rng.choice(N_ITEMS, rng.integers(1, 15), replace=False)] = True
    return World(scores, relevant)


@pytest.fixture(params=range(2))
def world(request: pytest.FixtureRequest) -> World:
    return made(request.param)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_stored_lists_give_what_ranks_give(world: World) -> None:
    ks = (1, 5, 10, 20)
    by_ranks = rank_metrics(world.ranks, ks)
    for key, values in metrics_of_lists(world.lists, world.pairs, ks=ks).items():
        close(values, world.ranks.n_relevant if key == "n_relevant" else by_ranks[str(key)])


def test_scikit_learn_agrees(world: World) -> None:
    found = rank_metrics(world.ranks, (K, N_ITEMS))
    rows = list(zip(world.relevant.astype(int), world.scores, strict=True))
    close(found[f"ndcg_at_{K}"], [ndcg_score([y], [s], k=K) for y, s in rows])
    close(found[f"ndcg_at_{N_ITEMS}"], [ndcg_score([y], [s]) for y, s in rows])
    close(found["auc"], [roc_auc_score(y, s) for y, s in rows])
    # Its average precision has no depth.
    close(found[f"map_at_{N_ITEMS}"], [average_precision_score(y, s) for y, s in rows])


def test_scikit_learn_agrees_on_the_area_where_scores_tie() -> None:
    rng = np.random.default_rng(9)
    relevant = rng.random((N_USERS, N_ITEMS)) < 0.3
    relevant[:, :2] = [True, False]
    coarse = rng.integers(0, 4, (N_USERS, N_ITEMS)).astype(np.float64)
    expected = [roc_auc_score(y, s) for y, s in zip(relevant, coarse, strict=True)]
    close(rank_metrics(World(coarse, relevant).ranks, (K,))["auc"], expected)


def test_scikit_learn_averages_the_gain_of_ties_and_we_their_places() -> None:
    # Two tied at the top, one of them relevant: we place it at 1.5, it takes the mean of two gains.
    tied = World(np.array([[1.0, 1.0]] + [[0.0, 1.0]] * 59), np.array([[True, False]] * 60))
    found = rank_metrics(tied.ranks, (2,))["ndcg_at_2"][0]
    assert found == pytest.approx(1 / np.log2(1.5 + 1))
    assert ndcg_score([[1, 0]], [[1, 1]]) == pytest.approx((1 / np.log2(2) + 1 / np.log2(3)) / 2)


def test_implicit_agrees_in_its_own_conventions(world: World) -> None:
    from implicit.evaluation import ranking_metrics_at_k

    top = world.lists.query("rank <= @K")["item_id"].to_numpy(dtype=np.int32).reshape(N_USERS, K)
    model = SimpleNamespace(recommend=lambda users, *_, **__: (top[users], None))
    nothing = sparse.csr_matrix((N_USERS, N_ITEMS), dtype=np.float32)
    hidden = sparse.csr_matrix(world.relevant.astype(np.float32))
    peer = ranking_metrics_at_k(model, nothing, hidden, K=K, show_progress=False, num_threads=1)
    found = rank_metrics(world.ranks, (K,))
    room = np.minimum(K, world.ranks.n_relevant)
    # What it calls precision is the recall by min(k, n), pooled over users.
    close((found[f"recall_min_at_{K}"] * room).sum() / room.sum(), peer["precision"])
    close(found[f"map_at_{K}"].mean(), peer["map"])
    close(found[f"ndcg_at_{K}"].mean(), peer["ndcg"])


@pytest.mark.slow
def test_ranx_agrees() -> None:
    world = made(2)
    if importlib.util.find_spec("ranx") is None:
        pytest.skip("ranx is not installed: it comes with the extra `dev`")
    ks = (1, 5, K, 20)
    asked = {
        "ks": ks,
        "qrels": {
            str(user): {str(i): 1 for i in np.flatnonzero(row)}
            for user, row in enumerate(world.relevant)
        },
        "run": {
            str(user): {str(i): float(s) for i, s in enumerate(row)}
            for user, row in enumerate(world.scores)
        },
    }
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RANX], input=json.dumps(asked), env=env, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    peer = {
        key: np.array([values[str(user)] for user in range(N_USERS)])
        for key, values in json.loads(done.stdout).items()
    }
    found = rank_metrics(world.ranks, ks)
    n = world.ranks.n_relevant
    for k in ks:
        close(found[f"ndcg_at_{k}"], peer[f"ndcg@{k}"])
        close(found[f"mrr_at_{k}"], peer[f"mrr@{k}"])
        close(found[f"recall_at_{k}"], peer[f"recall@{k}"])
        close(found[f"precision_at_{k}"], peer[f"precision@{k}"])
        close(found[f"hr_at_{k}"], peer[f"hit_rate@{k}"])
        # It divides average precision by n, also where a list cannot hold them all.
        close(found[f"map_at_{k}"] * np.minimum(k, n) / n, peer[f"map@{k}"])
