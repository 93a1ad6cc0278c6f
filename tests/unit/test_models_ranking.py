"""The order of lists, exclusions in small sets, the catalog and the search spaces."""

from importlib.resources import files
from random import Random
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from onstage.availability.candidates import Candidates
from onstage.errors import ConfigError
from onstage.models.catalog import ALGORITHMS, build, parse
from onstage.models.ordering import best
from onstage.models.pairs import FEW, alone, pairs
from onstage.types import Scores


SCORES = st.sampled_from([np.nan, -np.inf, 0.0, 0.5, 1.0, 2.0])


@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=SCORES),
       st.integers(1, 10), st.randoms())  # fmt: skip
def test_best_is_by_score_then_popularity_then_place(
    scores: Scores, k: int, random: Random
) -> None:
    popularity = np.array([random.choice([1, 2, 3]) for _ in range(scores.shape[1])], np.float32)
    columns = range(scores.shape[1])
    for row, found in zip(scores, best(scores, popularity, k), strict=True):
        worth = np.where(np.isnan(row), -np.inf, row)
        expected = sorted(columns, key=lambda c: (-worth[c], -popularity[c], c))
        assert found.tolist() == expected[:k]
    own = np.stack([np.roll(popularity, line) for line in range(len(scores))])
    one_by_one = [best(scores[[line]], own[line], k)[0].tolist() for line in range(len(scores))]
    assert best(scores, own, k).tolist() == one_by_one


@given(st.lists(st.lists(st.integers(0, 6), unique=True), min_size=1, max_size=4), st.data())
def test_pairs_are_the_candidates_of_each_request(
    sets: list[list[int]], data: st.DataObject
) -> None:
    of = data.draw(st.lists(st.integers(0, len(sets) - 1), min_size=1, max_size=8))
    gone = data.draw(st.lists(st.tuples(st.integers(0, len(of) - 1), st.integers(0, 8))))
    sizes = [len(items) for items in sets]
    candidates = Candidates(
        np.concatenate(([0], np.cumsum(sizes))),
        np.array([i for items in sets for i in sorted(items)], dtype=np.int64),
        np.array(of),
    ).without(np.array([r for r, _ in gone], np.int64), np.array([i for _, i in gone], np.int64))
    seen = []
    for some in pairs(candidates, np.arange(len(of)), data.draw(st.integers(1, 9))):
        for line, number in enumerate(some.rows):
            mine = slice(some.bounds[line], some.bounds[line + 1])
            assert some.item[mine].tolist() == sorted(sets[of[number]])
            kept = some.item[mine][~some.excluded[mine]]
            assert set(kept) == set(sets[of[number]]) - {i for r, i in gone if r == number}
            seen.append(number)
    assert seen == list(range(len(of)))


def test_a_set_is_alone_when_few_share_it() -> None:
    of = np.repeat([0, 1, 2], [FEW - 1, FEW, 0])
    candidates = Candidates(np.array([0, 1, 2, 3]), np.array([0, 0, 0]), of)
    assert alone(candidates).tolist() == [True] * (FEW - 1) + [False] * FEW


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"algorithm": "eas"}, "'eas'"),
        ({"algorithm": "ease", "lambda": 3}, "model: ease.lambda: Extra inputs are not permitted"),
        ({"algorithm": "als", "factors": 0}, r"model: als.factors: .* greater than 0 \(got 0\)"),
        ({"factors": 3}, "algorithm"),
    ],
)
def test_a_configuration_that_means_nothing_is_refused(raw: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse(raw)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_search_space_stays_inside_what_the_algorithm_accepts(algorithm: str) -> None:
    text = files("onstage.models").joinpath(f"spaces/{algorithm}.yaml").read_text()
    space = yaml.safe_load(text)
    for name, domain in space.items():
        values = domain.get("choices") or [domain["low"], domain["high"]]
        assert domain["type"] in {"int", "float", "categorical"}
        assert set(domain) <= {"type", "low", "high", "step", "log", "choices", "when"}
        for value in values:
            config = build(parse({"algorithm": algorithm, name: value})).config
            assert getattr(config, name) == value


def test_everything_worth_tuning_is_in_a_space() -> None:
    baselines = {"baseline_epochs", "reg_u", "reg_i"}
    sequence = {
        *("counts", "interval", "lazy", "patience", "prefixes", "validation_share", "weight_decay")
    }
    fixed = {
        "als": {"engine"},
        "ease": {"max_items"},
        "mf": {"live_sample", "neighbours", "sparse_rows"},
        "lstm": sequence,
        "sasrec": {"blocks", "heads", *sequence},
        "liverec": {"blocks", "heads", "context_blocks", "top", "zeros", *sequence},
        "svd": {"target", "biased", "init_std_dev"},
        "svdpp": {"target", "init_std_dev"},
        "nmf": {"target", "biased", "reg_bu", "reg_bi", "lr_bu", "lr_bi"},
        "knn_means": {"target", "max_compared", *baselines},
        "knn_baseline": {"target", "max_compared", *baselines},
        "baseline_only": {"target", "baseline_epochs"},
        "slope_one": {"target", "max_items", "grid"},
        "co_clustering": {"target", "grid"},
        "ranker": {
            *("events", "days", "refits", "negatives", "min_events", "column_share", "row_share"),
            *("head", "own_weight", "ease_items", "neighbours", "shrinkage", "sequence"),
        },
    }
    for algorithm in ALGORITHMS:
        text = files("onstage.models").joinpath(f"spaces/{algorithm}.yaml").read_text()
        fields = set(type(parse({"algorithm": algorithm})).model_fields) - {"algorithm"}
        assert set(yaml.safe_load(text)) == fields - fixed.get(algorithm, set())
