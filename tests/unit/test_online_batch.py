"""Online and batch give the same lists for the same request, whatever was posted."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.serving.batch import recommend_all
from onstage.serving.bundle import Bundle
from onstage.testing.online import Shelf, asking
from tests.unit.bundles import fitted


ALGORITHMS = ("popularity", "memory", "item_knn", "ease", "als", "mf", "ranker")
REMEMBERING = {"memory", "item_knn", "ease", "als", "ranker"}
"""Whose scores depend on what the user did lately."""


@pytest.fixture(scope="module", params=ALGORITHMS)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return fitted(request.param)


def flat(answer: Any) -> list[tuple[Any, ...]]:
    return [
        (one["user"], item["item"], item["rank"], one["fallback"])
        for one in answer["lists"]
        for item in one["items"]
    ]


@pytest.mark.parametrize("repeat", [None, {"kind": "exclude"}])
@pytest.mark.parametrize("live", [None, [1, 3, 5, 99]])
def test_lists_online_are_those_of_a_batch(
    bundle: Bundle, repeat: dict[str, Any] | None, live: list[int] | None, tmp_path: Path
) -> None:
    users = [*bundle.model.dataset.users.tolist(), 77]
    policy = None if repeat is None else RepeatPolicy.model_validate(repeat)
    out = tmp_path / "lists.parquet"
    recommend_all(bundle, out, at=20, k=4, users=users, live=live, repeat=policy)
    batch = pd.read_parquet(out)
    asked = {"users": users, "at": 20, "k": 4, "live": live, "repeat": repeat}
    with asking(Shelf(v1=bundle)) as client:
        reply = client.post("/recommend", json=asked)
    assert reply.status_code == 200, reply.text
    columns = [Columns.USER, Columns.ITEM, Columns.RANK, Columns.FALLBACK]
    assert flat(reply.json()) == list(batch[columns].itertuples(index=False, name=None))
    scores = [i["score"] for one in reply.json()["lists"] for i in one["items"]]
    np.testing.assert_array_equal(np.float32(scores), batch[Columns.SCORE])


def test_what_is_posted_counts_in_the_next_answer_as_if_it_had_been_observed(
    bundle: Bundle,
) -> None:
    rows = [(3, 2, 41), (3, 2, 42), (3, 14, 43), (5, 1, 43)]
    data = bundle.model.dataset
    more = data.where(np.arange(len(data)))
    posted = [{"user": u, "item": i, "at": t} for u, i, t in rows]
    asked = {"users": [3, 4, 5], "at": 50, "k": 15, "live": list(range(15))}
    with asking(Shelf(v1=bundle)) as client:
        before = client.post("/recommend", json=asked).json()
        reply = client.post("/interactions", json={"interactions": posted})
        assert reply.json() == {
            "accepted": 4, "unknown_users": 0, "unknown_items": 0, "counted": True,
        }  # fmt: skip
        online = client.post("/recommend", json=asked).json()
    users = np.concatenate([more.user, data.user_positions([u for u, _, _ in rows])])
    items = np.concatenate([more.item, data.item_positions([i for _, i, _ in rows])])
    times = np.concatenate([more.time, [t for _, _, t in rows]])
    table = pd.DataFrame(
        {
            Columns.USER: data.users[users],
            Columns.ITEM: data.items[items],
            Columns.TIME: times,
            Columns.WEIGHT: np.append(more.weight, np.ones(4, dtype=np.float32)),
            Columns.ENDS_AT: np.append(more.ends, [t for _, _, t in rows]),
        }
    )
    seen = type(data).from_interactions(table, clock=data.clock)
    algorithm = bundle.model.config.algorithm
    assert (online["lists"] != before["lists"]) == (algorithm in REMEMBERING)
    again = fitted(algorithm)
    expected = again.model.observe(seen).recommend(
        [3, 4, 5], k=15, at=50, candidates=list(range(15))
    )
    columns = [Columns.USER, Columns.ITEM, Columns.RANK, Columns.FALLBACK]
    assert flat(online) == list(expected[columns].itertuples(index=False, name=None))
