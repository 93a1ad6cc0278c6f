"""What a served model carries: requirements, a signature, no pickle, no path of this machine."""

import re
from importlib.util import find_spec
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.models import Model

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.errors import StoreError
from onstage.models.als import AlsConfig
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.models.sequence.config import LstmConfig, SasrecConfig
from onstage.serving.bundle import Bundle, save_bundle
from onstage.serving.pyfunc import requirements, save_pyfunc
from onstage.testing.examples import crowd


pytestmark = pytest.mark.integration


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: pip install 'onstage[deep]'")
def test_what_reads_sequences_needs_torch_of_a_version_that_the_index_knows() -> None:
    def wanted(config: RecommenderConfig) -> list[str]:
        return [line for line in requirements(config) if line.startswith("torch")]

    for config in (LstmConfig(), RankerConfig(sequence=SasrecConfig())):
        (line,) = wanted(config)
        assert re.fullmatch(r"torch==\d+\.\d+\.\d+", line)  # not 2.13.0+cpu
    assert wanted(RankerConfig()) == []


def test_a_ranker_needs_lightgbm_and_answers_from_a_log_with_ends(tmp_path: Path) -> None:
    data = crowd(0)
    index = AvailabilityIndex.from_interactions(data)
    config = RankerConfig(factors=4, min_events=20, min_rows=2, trees=3, leaves=4)
    model = Ranker(config).fit(data, FitOptions(availability=index))
    save_bundle(model, tmp_path / "bundle", availability=index)
    save_pyfunc(tmp_path / "bundle", tmp_path / "model")
    wanted = (tmp_path / "model" / "requirements.txt").read_text()
    assert re.search(r"^lightgbm==", wanted, re.M)
    assert "lightgbm" not in " ".join(requirements(AlsConfig()))
    served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    top = served.predict(pd.DataFrame({Columns.USER: [0, 3], "at": ["20", "20"]}), {"k": 99})
    assert set(top[Columns.ITEM]) == set(data.items[index.live_at(20)])


def test_no_file_in_it_can_hide_a_pickle_or_a_path_of_this_machine(saved: Path) -> None:
    files = [
        path
        for path in saved.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"  # left by tests that loaded it
    ]
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".joblib"}]
    for path in files:
        if path.suffix in {".yaml", ".json", ".txt", ""}:
            assert str(saved.parent) not in path.read_text(), path
    assert "model_code_path: model_code.py" in (saved / "MLmodel").read_text()


def test_identifiers_in_the_signature_are_of_the_datas_kind(
    saved: Path, steps: Bundle, tmp_path: Path
) -> None:
    bundle = save_bundle(steps.model, tmp_path / "bundle", availability=steps.availability)
    numbers = Model.load(str(save_pyfunc(bundle, tmp_path / "model"))).signature
    texts = Model.load(str(saved)).signature
    assert [c.type.name for c in texts.inputs] == ["string", "string"]
    assert [c.type.name for c in numbers.inputs] == ["long", "string"]
    assert [c.type.name for c in numbers.outputs][:2] == ["long", "long"]
    assert [p.name for p in numbers.params] == ["k", "at", "repeat", "live"]


def test_a_folder_that_stands_there_already_is_not_overwritten(saved: Path) -> None:
    with pytest.raises(StoreError, match=r"served model .*: .*; give a new folder"):
        save_pyfunc(saved.with_name("bundle"), saved)
