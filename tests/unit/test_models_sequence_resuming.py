"""A fit that was killed goes on as if nothing had been; a checkpoint of another fit is refused."""

from pathlib import Path

import numpy as np
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.errors import ConfigError, FitError, StoreError
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.sequence.config import LiverecConfig, LstmConfig, SasrecConfig
from onstage.testing.examples import crowd, log


pytest.importorskip("torch", reason="needs torch: pip install 'onstage[deep]'")

SMALL = {"dimensions": 8, "window": 5, "epochs": 5, "batch": 8}
EACH = [
    LstmConfig(**SMALL),
    SasrecConfig(**SMALL, heads=2, loss="sampled", lazy=True),
    LiverecConfig(**SMALL, heads=2, blocks=1, loss="bce"),
    SasrecConfig(**SMALL, heads=2, blocks=1, patience=2, validation_share=0.2),
]
DATA = crowd(7, users=20, rows=300, hours=60)


def options(path: Path | None = None) -> FitOptions:
    return FitOptions(
        seed=4, availability=AvailabilityIndex.from_interactions(DATA), checkpoint=path
    )


def label(config: ModelConfig) -> str:
    return f"{config.algorithm}-{getattr(config, 'patience', 0)}"


@pytest.mark.parametrize("config", EACH, ids=label)
def test_a_killed_fit_goes_on_to_the_same_curve_and_the_same_model(
    config: ModelConfig, tmp_path: Path
) -> None:
    whole = build(config).fit(DATA, options())
    path = tmp_path / "fit.npz"
    for number in build(config).iterations(DATA, options(path)):
        if number == 2:
            break  # killed here
    resumed = build(config)
    rest = list(resumed.iterations(DATA, options(path)))
    assert len(rest) < config.epochs
    assert resumed.training_curve == whole.training_curve
    for name, values in whole.state().items():
        np.testing.assert_array_equal(resumed.state()[name], values, err_msg=name)


def test_a_finished_fit_is_not_fitted_again(tmp_path: Path) -> None:
    path = tmp_path / "fit.npz"
    first = build(EACH[1]).fit(DATA, options(path))
    changed = path.stat().st_mtime_ns
    again = build(EACH[1]).fit(DATA, options(path))
    assert path.stat().st_mtime_ns == changed
    np.testing.assert_array_equal(first.state()["net.items"], again.state()["net.items"])


def test_a_checkpoint_of_another_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "fit.npz"
    build(EACH[1]).fit(DATA, options(path))
    other = EACH[1].model_copy(update={"dimensions": 16})
    with pytest.raises(StoreError) as refused:
        build(other).fit(DATA, options(path))
    assert str(refused.value) == (
        f"checkpoint {path}: it is of another fit (dimensions 8, now 16); "
        "remove it or name another file"
    )
    with pytest.raises(StoreError, match=r"another fit \(algorithm 'sasrec', now 'lstm'\)"):
        build(EACH[0]).fit(DATA, options(path))
    with pytest.raises(StoreError, match=r"another fit \(data '\w+', now '\w+'\)"):
        build(EACH[1]).fit(DATA.where(DATA.time < 50), options(path))


def test_a_damaged_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "fit.npz"
    path.write_bytes(b"PK nonsense")
    with pytest.raises(StoreError, match=r"damaged \(.*\); remove it and fit again$"):
        build(EACH[1]).fit(DATA, options(path))


def test_patience_settles_the_epochs_on_the_newest_rows_and_then_learns_from_all() -> None:
    config = EACH[3].model_copy(update={"epochs": 30})
    model = build(config).fit(DATA, options())
    validation, loss = (model.training_curve[name] for name in ("validation_ndcg_at_10", "loss"))
    best = max(validation, key=lambda epoch: (validation[epoch], -epoch))
    assert len(loss) == best
    assert len(validation) == min(30, best + 2)
    shorter = build(config.model_copy(update={"patience": 0, "epochs": best}))
    assert len(shorter.fit(DATA, options()).training_curve["loss"]) == best


def test_patience_without_anything_to_look_at_is_refused() -> None:
    config = EACH[3]
    with pytest.raises(FitError, match="raise validation_share or set patience to 0"):
        build(config).fit(log([(0, "a", 0), (0, "b", 0), (0, "a", 0)]), FitOptions())


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="device 'cuda': torch finds no GPU; use 'cpu' or 'auto'"):
        build(EACH[1]).fit(DATA, FitOptions(device="cuda"))
