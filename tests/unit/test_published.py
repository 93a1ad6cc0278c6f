"""The splits of published papers, by hand; the releases' files; what is said without the data."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.published import __main__ as published
from benchmarks.published.claim import CLAIMS, Claim, Verdict
from benchmarks.published.exam import (
    dataset_of,
    leave_one_out,
    liked,
    random_share,
    strong_generalisation,
)
from benchmarks.published.experiments import EXPERIMENTS, five_folds, next_item, strangers, top_ten
from benchmarks.published.movielens import RELEASES, digest, read
from onstage.errors import SourceError
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.summary import value_of
from onstage.models.bpr import BprConfig
from onstage.models.ease import Ease, EaseConfig
from onstage.models.ratings.svd import SvdConfig
from onstage.models.sequence.config import SasrecConfig
from onstage.seeds import generator


LINES = {
    "ml-100k": "196\t242\t3\t881250949\n186\t302\t4\t891717742\n",
    "ml-1m": "196::242::3::881250949\n186::302::4::891717742\n",
    "ml-20m": "userId,movieId,rating,timestamp\n196,242,3.0,881250949\n186,302,4.0,891717742\n",
}


def ratings(n_users: int = 60, n_items: int = 40, seed: int = 0) -> pd.DataFrame:
    """Users of two kinds, who like other halves of the items."""
    rng = np.random.default_rng(seed)
    liking = rng.random((n_users, n_items))
    liking[:, : n_items // 2] += 0.8 * (np.arange(n_users) % 2)[:, None]
    user, item = np.nonzero(rng.random((n_users, n_items)) < 0.4)
    value = np.clip(np.round(1 + 3 * liking[user, item]), 1, 5)
    time = rng.permutation(len(user)) + 1
    return pd.DataFrame({"user_id": user, "item_id": item, "weight": value, "timestamp": time})


@pytest.mark.parametrize("name", sorted(RELEASES))
def test_a_release_is_read_from_its_folder_and_from_its_archive(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / RELEASES[name].file).write_text(LINES[name])
    with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
        archive.write(folder / RELEASES[name].file, f"{name}/{RELEASES[name].file}")
    for place in (folder, tmp_path / f"{name}.zip"):
        table = read(name, place, checked=False)
        assert table.to_dict("list") == {
            "user_id": [196, 186],
            "item_id": [242, 302],
            "weight": [3, 4],
            "timestamp": [881250949, 891717742],
        }


def test_another_archive_is_refused_with_both_checksums(tmp_path: Path) -> None:
    path = tmp_path / "ml-100k.zip"
    path.write_bytes(b"something else")
    assert digest(path) == "6c7ba9c5a141421e1c03cb9807c97c74"
    with pytest.raises(SourceError, match=r"md5 6c7ba9c5.*is 0e33842e24a9c977be4e0107933c0723"):
        read("ml-100k", path)


def test_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "u.data").write_text(LINES["ml-100k"])
    with pytest.raises(SourceError, match="2 ratings, ml-100k has 100,000"):
        read("ml-100k", tmp_path)


def test_a_folder_without_the_file_and_a_missing_place_say_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no ratings\.dat here; give the folder that ml-1m\.zip"):
        read("ml-1m", tmp_path)
    with pytest.raises(SourceError, match=r"not there; give ml-20m\.zip of GroupLens"):
        read("ml-20m", tmp_path / "absent.zip")


def test_liked_are_ratings_of_4_and_more_of_users_with_five_of_them() -> None:
    table = pd.DataFrame(
        {
            "user_id": [1] * 6 + [2] * 6,
            "item_id": [*range(6), *range(6)],
            "weight": [5, 4, 4, 4.5, 4, 3] + [5, 5, 5, 5, 3.5, 3.5],  # five of 1, four of 2
            "timestamp": range(12),
        }
    )
    kept = liked(table)
    assert kept["user_id"].tolist() == [1] * 5
    assert kept["weight"].tolist() == [1.0] * 5


def test_strong_generalisation_asks_a_fifth_of_the_items_of_users_training_never_saw() -> None:
    """Nine users with the same ten items: 2 held out a part, so 5 are trained.

    Of ten items floor(0.2 * 10) = 2 are asked and 8 are shown.
    """
    user, item = (one.ravel() for one in np.indices((9, 10)))
    table = pd.DataFrame({"user_id": user, "item_id": item, "timestamp": np.arange(90) + 1})
    data = dataset_of(table)
    validation, test = strong_generalisation(data, 2, np.random.default_rng(0))
    held = {tuple(one.requests.users.tolist()) for one in (validation, test)}
    assert len(set(sum(held, ()))) == 4
    assert np.unique(test.train.user).tolist() == sorted(set(range(9)) - set(sum(held, ())))
    for exam in (validation, test):
        assert np.diff(exam.relevant_indptr).tolist() == [2, 2]
        assert len(exam.history) == 16  # the 8 shown of each of two
        assert exam.candidates.sizes().tolist() == [2, 2]  # what was shown is no candidate


def test_who_has_fewer_than_five_items_that_were_trained_is_not_asked() -> None:
    """One of the held-out users has four items, another an item nobody else has."""
    rows = [(u, i) for u in range(20) for i in range(10)]
    rows += [(20, i) for i in range(4)] + [(21, i) for i in range(5)] + [(21, 99)]
    table = pd.DataFrame(rows, columns=["user_id", "item_id"])
    data = dataset_of(table.assign(timestamp=np.arange(len(table)) + 1))
    for seed in range(40):
        for exam in strong_generalisation(data, 6, np.random.default_rng(seed)):
            assert 20 not in exam.requests.users
            asked = dict(zip(exam.requests.users, np.diff(exam.relevant_indptr), strict=True))
            assert asked.get(21, 1) == 1  # floor(0.2 * 5): the item 99 does not count
            assert data.item_positions([99])[0] not in exam.relevant or 21 in exam.train.user


def test_leave_one_out_asks_the_last_row_and_validation_the_one_before() -> None:
    table = pd.DataFrame(
        {
            "user_id": [1, 1, 1, 1, 2, 2, 3, 3, 3],
            "item_id": [10, 11, 12, 13, 10, 11, 12, 13, 10],
            "timestamp": [4, 3, 2, 1, 1, 2, 5, 5, 5],  # user 3: rows of one instant, by file
        }
    )
    data = dataset_of(table)
    validation, test = leave_one_out(data)
    assert data.users[test.requests.users].tolist() == [1, 3]  # 2 has two rows
    assert data.items[test.relevant].tolist() == [10, 10]
    assert data.items[validation.relevant].tolist() == [11, 13]
    left = pd.DataFrame({"u": data.users[test.train.user], "i": data.items[test.train.item]})
    assert sorted(left.itertuples(index=False, name=None)) == [
        (1, 12), (1, 13), (2, 10), (2, 11), (3, 12)
    ]  # fmt: skip
    shown = test.past.rows(test.requests)[0]
    assert np.bincount(shown).tolist() == [3, 2]  # the validation row may be looked at
    assert np.bincount(validation.past.rows(validation.requests)[0]).tolist() == [2, 1]


def test_a_random_share_is_asked_of_everybody() -> None:
    data = dataset_of(ratings())
    exam = random_share(data, 0.25, np.random.default_rng(0))
    assert len(exam.relevant) == pytest.approx(0.25 * len(data), rel=0.2)
    assert len(exam.train) + len(exam.relevant) == len(data)


def test_ease_under_strong_generalisation_is_what_numpy_says() -> None:
    """Fit, what is shown, candidates, ranks and metrics, against twenty lines of NumPy."""
    data = dataset_of(liked(ratings(200, 50)))
    _, test = strong_generalisation(data, 30, generator(0, "published", "users"))
    events = evaluate(Ease(EaseConfig(regularization=20)).fit(test.train), test, ks=(5, 10))
    trained = test.train.matrix.toarray()
    seen = trained[trained.sum(axis=1) > 0]
    inverse = np.linalg.inv(seen.T @ seen + 20 * np.eye(seen.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    recalls, gains = [], []
    for number, user in enumerate(test.requests.users):
        shown = np.zeros(data.n_items)
        shown[test.history.item[test.history.user == user]] = 1
        scores = shown @ weights
        scores[shown > 0] = -np.inf
        order = np.argsort(-scores)
        wanted = test.relevant[test.relevant_indptr[number] : test.relevant_indptr[number + 1]]
        hits = np.isin(order, wanted)
        recalls.append(hits[:5].sum() / min(5, len(wanted)))
        best = (1 / np.log2(np.arange(min(10, len(wanted))) + 2)).sum()
        gains.append((hits[:10] / np.log2(np.arange(10) + 2)).sum() / best)
    assert value_of(events, "recall_min_at_5") == pytest.approx(np.mean(recalls), abs=1e-9)
    assert value_of(events, "ndcg_at_10") == pytest.approx(np.mean(gains), abs=1e-9)


def test_every_experiment_reports_what_its_claims_publish() -> None:
    pytest.importorskip("torch")
    small = {
        "ratings-100k": (five_folds, SvdConfig(n_factors=2, n_epochs=2)),
        "ratings-1m": (five_folds, SvdConfig(n_factors=2, n_epochs=2)),
        "ranking-100k": (top_ten, BprConfig(factors=4, iterations=2)),
        "sasrec-1m": (next_item, SasrecConfig(dimensions=8, window=8, heads=1, epochs=1)),
        "strong-20m": (strangers(10), EaseConfig()),
    }
    assert set(small) == set(EXPERIMENTS)
    for claim in CLAIMS:
        run, config = small[claim.name]
        found = run(ratings(), config, 0)
        assert set(claim.figures) <= set(found)
        assert claim.model in EXPERIMENTS[claim.name].models
        assert all(np.isfinite(found[key]) for key in claim.figures)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (0.42, "reproduced"),  # 5 % above
        (0.396, "reproduced"),
        (0.36, "off by -10.0 %"),
        (None, "not verified: no data"),
    ],
)
def test_a_verdict_says_how_far_off(found: float | None, word: str) -> None:
    claim = Claim("x", "ease", {"ndcg": 0.4}, 0.06, "a paper")
    assert Verdict(claim, "ndcg", found).word == word


def test_without_the_data_every_figure_is_said_to_be_not_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["published", "--data", str(tmp_path)])
    published.main()
    told = capsys.readouterr().out
    assert told.count("not verified: no data") == sum(len(one.figures) for one in CLAIMS)
    assert "not here, so not verified: ml-100k, ml-1m, ml-20m" in told
