"""The ranker's optional SASRec: fitted before what it scores, read from rows before a request."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import ConfigError
from onstage.features.live.asked import Asked
from onstage.features.live.past import Past
from onstage.models.catalog import parse
from onstage.models.config import FitOptions
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.events import drawn, parts
from onstage.models.ranker.ranker import Ranker
from onstage.models.ranker.sequence import SequenceSignal
from onstage.models.ranker.signals import Signals
from onstage.models.saving import load_model, save_model
from onstage.models.sequence.config import SasrecConfig
from onstage.models.sequence.sasrec import Sasrec
from onstage.testing.examples import crowd, log


pytest.importorskip("torch", reason="needs torch: pip install 'onstage[deep]'")

TINY = SasrecConfig(dimensions=4, window=6, heads=2, blocks=1, epochs=1, batch=16)
SMALL = RankerConfig(factors=4, min_events=20, min_rows=2, trees=5, leaves=4, sequence=TINY)


def everybody(data: Dataset, at: int) -> Asked:
    """Every user asks for every item at one tick."""
    n, m = data.n_users, data.n_items
    requests = Requests(np.arange(n), np.full(n, at))
    return Asked(requests, np.repeat(np.arange(n), m), np.tile(np.arange(m), n), m)


def test_by_default_there_is_none() -> None:
    assert RankerConfig().sequence is None
    assert (
        "sasrec" not in Ranker(SMALL.model_copy(update={"sequence": None})).fit(crowd(1)).importance
    )


def test_its_score_is_a_feature() -> None:
    assert "sasrec" in Ranker(SMALL).fit(crowd(1)).importance


def test_an_empty_mapping_asks_for_its_defaults() -> None:
    assert parse({"algorithm": "ranker", "sequence": {}}) == RankerConfig(sequence=SasrecConfig())


def test_the_score_is_that_of_a_sasrec_that_observes_the_same_rows() -> None:
    data = crowd(2)
    _, firsts = np.unique(data.user * 100 + data.time, return_index=True)
    data = data.where(np.isin(np.arange(len(data)), firsts))  # rows of one hour have no order
    train = data.where(data.time < 20)
    alone = Sasrec(TINY).fit(train, FitOptions(seed=3)).observe(data)
    signals = Signals.fit(SMALL, train, FitOptions(seed=3))
    asked = everybody(data, 30)
    expected = alone.score(data.users, data.items, at=30).ravel()
    found = signals.features(asked, Past.of(data))["sasrec"]
    assert np.isfinite(expected).any()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_nothing_is_said_of_a_user_without_rows_or_an_item_without_training() -> None:
    # y has no row before 2, and z was not trained on
    data = log([("x", "a", 0), ("x", "b", 1), ("y", "a", 2), ("x", "z", 3)])
    signal = SequenceSignal.fit(TINY, data.where(data.time < 2), FitOptions())
    x, y = data.user_positions(["x", "y"])
    a, z = data.item_positions(["a", "z"])
    requests = Requests(np.array([x, y]), np.array([2, 2]))
    asked = Asked(requests, np.array([0, 0, 1, 1]), np.array([a, z, a, z]), data.n_items)
    found = signal.scores(asked, Past.of(data))
    assert np.isfinite(found).tolist() == [True, False, False, False]


def test_what_scores_an_event_was_fitted_on_rows_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, seen = crowd(4), []
    fit = Sasrec.fit

    def spied(self: Sasrec, dataset: Dataset, options: FitOptions | None = None) -> Sasrec:
        seen.append(dataset)
        return fit(self, dataset, options)

    monkeypatch.setattr(Sasrec, "fit", spied)
    Ranker(SMALL).fit(data)
    *earlier, last = seen
    rows = list(parts(drawn(SMALL, data, np.random.default_rng(0)), data.time, SMALL.refits))[1:]
    # before the first part nobody has two rows, and nothing can be learned
    assert len(earlier) == len(rows) == SMALL.refits - 1
    assert all(one.time.max() < data.time[part[0]] for one, part in zip(earlier, rows, strict=True))
    assert last is data


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), at=st.integers(min_value=12, max_value=39))
def test_it_does_not_change_with_what_happens_at_the_request_or_later(seed: int, at: int) -> None:
    data = crowd(seed % 20)
    signal = SequenceSignal.fit(TINY, data.where(data.time < 10), FitOptions())
    asked = everybody(data, at)
    whole = signal.scores(asked, Past.of(data))
    known = signal.scores(asked, Past.of(data.where(data.time < at)))
    assert np.isfinite(known).any()
    np.testing.assert_array_equal(whole, known)


def test_who_was_live_after_the_rows_it_learns_from_changes_nothing() -> None:
    data = crowd(5)
    train = data.where(data.time < 20)

    def learned(known: Dataset) -> dict[str, np.ndarray]:
        index = AvailabilityIndex.from_interactions(known)
        signals = Signals.fit(SMALL, train, FitOptions(seed=1, availability=index))
        return dict(signals.state())

    whole, past = learned(data), learned(train)
    assert any(name.startswith("sequence.net.") for name in whole)
    for name, values in whole.items():
        np.testing.assert_array_equal(values, past[name], err_msg=name)


def test_nobody_with_two_rows_is_no_signal_and_no_error() -> None:
    data = log([("x", "a", 0), ("y", "a", 1), ("z", "b", 2)])
    top = Ranker(SMALL).fit(data).recommend(["x"], k=2, at=3)
    assert len(top) == 2


def test_the_checkpoint_of_a_fit_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "fit.npz"
    Ranker(SMALL).fit(crowd(6), FitOptions(checkpoint=path))
    assert not path.exists()


def test_without_torch_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save_model(Ranker(SMALL).fit(crowd(7)), tmp_path / "model")
    monkeypatch.setitem(sys.modules, "torch", None)
    remedy = "needs torch, which is not installed; run `pip install 'onstage[deep]'` or `make deep`"
    with pytest.raises(ConfigError) as refused:
        Ranker(SMALL).fit(crowd(7))
    assert str(refused.value) == f"ranker with `sequence` {remedy}"
    with pytest.raises(ConfigError) as refused:
        load_model(tmp_path / "model").recommend([0], k=1)
    assert str(refused.value) == f"sasrec {remedy}"
    plain = SMALL.model_copy(update={"sequence": None})
    assert len(Ranker(plain).fit(crowd(7)).recommend([0], k=1)) == 1


def test_a_sequence_that_cannot_be_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match="dimensions 10 is no multiple of heads 4"):
        parse({"algorithm": "ranker", "sequence": {"dimensions": 10}})
    with pytest.raises(ConfigError, match=r"ranker\.sequence\.algorithm: Input should be 'sasrec'"):
        parse({"algorithm": "ranker", "sequence": {"algorithm": "lstm"}})
