"""A model in a folder comes back whole, or not at all with one reason."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.data.dataset import Dataset
from onstage.errors import NotFittedError, StoreError
from onstage.models.als import Als, AlsConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.models.saving import load_model, save_model, size_of
from onstage.testing.examples import STEPS, crowd, log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(Als(AlsConfig(factors=3, iterations=2)).fit(crowd(0)), tmp_path / "model")
    return tmp_path / "model"


def test_the_dataset_comes_back_with_it(folder: Path) -> None:
    before, after = crowd(0), load_model(folder).dataset
    assert after.clock == STEPS
    for name in ("user", "item", "time", "weight", "ends"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    pd.testing.assert_index_equal(after.items, before.items)


@pytest.mark.parametrize(
    "ids", [["", "a\0", "b" * 300, "žluť", "猫"], [-(2**63), -1, 0, 3, 2**63 - 1]]
)
def test_identifiers_of_every_kind_survive(tmp_path: Path, ids: list[int] | list[str]) -> None:
    data = log([(name, name, 0) for name in ids])
    save_model(Popularity(PopularityConfig()).fit(data), tmp_path / "model")
    again = load_model(tmp_path / "model").dataset
    pd.testing.assert_index_equal(again.users, data.users)
    assert sorted(again.items) == sorted(ids)


def test_a_log_without_rows_survives(tmp_path: Path) -> None:
    data: Dataset = crowd(0)
    nothing = data.where(data.user < 0)
    save_model(Popularity(PopularityConfig()).fit(nothing), tmp_path / "model")
    assert len(load_model(tmp_path / "model").dataset) == 0


def test_factors_are_mapped_and_not_read(folder: Path) -> None:
    model = load_model(folder)
    assert isinstance(model, Als)
    assert isinstance(model.item_factors.base, np.memmap)


def test_the_size_is_that_of_the_arrays_on_disk(folder: Path) -> None:
    files = list(folder.glob("*.npy"))
    heads = 128 * len(files)  # numpy pads the head of a small array's file to 128 bytes
    assert size_of(load_model(folder)) == sum(f.stat().st_size for f in files) - heads


def truncate(folder: Path) -> None:
    path = folder / "state.item_factors.npy"
    path.write_bytes(path.read_bytes()[:-5])


def flip(folder: Path) -> None:
    path = folder / "rows.item.npy"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(bytes(raw))


def forget(folder: Path) -> None:
    (folder / "users.ids.npy").unlink()


def edit(folder: Path, key: str, value: object) -> None:
    head = json.loads((folder / "config.json").read_text())
    head[key] = value
    (folder / "config.json").write_text(json.dumps(head))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "state.item_factors.npy differs from its digest"),
        (flip, "rows.item.npy differs from its digest"),
        (forget, "No such file"),
        (lambda f: (f / "config.json").write_text("{"), "Invalid JSON|validation error"),
        (lambda f: edit(f, "format", 99), "format 99, this version reads 1"),
        (lambda f: edit(f, "model", {"algorithm": "magic"}), "magic"),
        (lambda f: edit(f, "arrays", {"../../etc/passwd": "0"}), "leaves the folder"),
        (lambda f: edit(f, "arrays", {}), "cannot be read"),
    ],
)
def test_a_damaged_folder_gives_one_reason(folder: Path, damage: object, reason: str) -> None:
    damage(folder)  # type: ignore[operator]
    with pytest.raises(StoreError, match=reason) as caught:
        load_model(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damage_is_found_without_digests_too(folder: Path) -> None:
    truncate(folder)
    with pytest.raises(StoreError, match="cannot be read"):
        load_model(folder, verify=False)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere cannot be read .*No such file"):
        load_model(tmp_path / "nowhere")


def test_nothing_is_overwritten_and_nothing_half_written_stays(folder: Path) -> None:
    before = sorted(p.name for p in folder.iterdir())
    with pytest.raises(StoreError, match="give a new folder"):
        save_model(Popularity(PopularityConfig()).fit(crowd(1)), folder)
    assert sorted(p.name for p in folder.iterdir()) == before
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_an_unfitted_model_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        save_model(Popularity(PopularityConfig()), tmp_path / "model")
    assert not list(tmp_path.iterdir())
