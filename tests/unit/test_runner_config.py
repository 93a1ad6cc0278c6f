"""Where trials and backtests run: what a configuration may say of it."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from onstage.conditions import Promotion
from onstage.config import PipelineConfig, RunnerConfig, load_config
from onstage.errors import ConfigError, OrchestrationError
from onstage.pipeline.extras import need_runner
from onstage.pipeline.repro.rebuilding import Recorded
from onstage.pipeline.workspace import Workspace
from tasks.engines.engine import probe


def config(**more: Any) -> PipelineConfig:
    data = {"preset": "kumu", "folder": "somewhere"}
    return PipelineConfig.model_validate({"name": "little", "data": data, **more})


def test_a_word_is_a_kind_and_nothing_is_local() -> None:
    assert config().runner == RunnerConfig(kind="local")
    assert config(runner="dask").runner == RunnerConfig(kind="dask", workers=2)
    given = {"kind": "dask", "address": "tcp://10.0.0.5:8786", "workers": 8}
    assert config(runner=given).runner.address == "tcp://10.0.0.5:8786"


@pytest.mark.parametrize(
    ("runner", "said"),
    [
        ("spark", "'local', 'dask' or 'ray'"),
        ({"kind": "local", "address": "tcp://10.0.0.5:8786"}, "local has none"),
        ({"kind": "dask", "adress": "tcp://10.0.0.5:8786"}, "adress"),
        ({"kind": "dask", "workers": 0}, "greater than 0"),
    ],
)
def test_a_runner_that_makes_no_sense_is_refused(runner: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(runner=runner)


@pytest.mark.parametrize("sweep", [{"jobs": 2}, {"processes": 2}])
def test_a_cluster_and_processes_of_the_flow_exclude_each_other(sweep: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=r"runner dask and 2 of sweep.jobs .* runner.workers"):
        config(runner="dask", sweep=sweep)


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_a_runner_that_is_not_installed_is_refused_with_what_to_install(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onstage.pipeline.extras.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=rf"runner {kind}: .*pip install 'onstage\[{kind}\]'"):
        need_runner(config(runner=kind))
    need_runner(config())


def test_processes_of_the_command_line_are_workers_of_the_cluster(tmp_path: Path) -> None:
    path = tmp_path / "little.yaml"
    data = {"preset": "kumu", "folder": "somewhere"}
    path.write_text(yaml.safe_dump({"name": "little", "data": data, "runner": "dask"}))
    assert load_config(path).runner.workers == 2
    opened = Workspace.open(path, processes=5).config
    assert (opened.runner.workers, opened.sweep.processes) == (5, 1)


def test_workers_of_this_machine_divide_its_cores_and_others_have_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "little.yaml"
    data = {"preset": "kumu", "folder": "somewhere"}
    there = {"kind": "dask", "address": "tcp://10.0.0.5:8786", "workers": 3}
    monkeypatch.setenv("ONSTAGE_THREADS", "8")
    for runner, threads in (({"kind": "dask", "workers": 3}, 2), (there, 8)):
        path.write_text(yaml.safe_dump({"name": "little", "data": data, "runner": runner}))
        settings = Workspace.open(path).travelling().settings
        assert settings.threads == threads  # 8 // 3, or all
        assert settings.home.is_absolute()


def test_a_run_of_a_cluster_is_repeated_here_with_as_many_at_the_same_time(tmp_path: Path) -> None:
    given = {"kind": "dask", "address": "tcp://10.0.0.5:8786", "workers": 3}
    kept: Any = SimpleNamespace(promotion=Promotion())
    nothing: Any = None
    recorded = Recorded("run", config(runner=given), kept, nothing, nothing)
    again = recorded.workspace(tmp_path).config
    assert again.runner == RunnerConfig()
    assert again.sweep.processes == 3


def test_the_doctor_names_the_cluster_and_says_when_nobody_is_there() -> None:
    from flows.checkup import runner

    (found,) = runner(config(models={"popularity": {"algorithm": "popularity"}}, sweep={}))
    assert (found.state, found.value) == ("ok", "local")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OrchestrationError, match=f"at {address}: nobody answers"):
            probe("dask", address)
    with pytest.raises(OrchestrationError, match="'somewhere': expected a host and a port"):
        probe("dask", "somewhere")
