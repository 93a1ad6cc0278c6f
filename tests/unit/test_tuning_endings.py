"""What goes wrong in a sweep: trials, files, folders, other processes."""

import math
from pathlib import Path

import pytest

from onstage.errors import ConfigError, ContractError, OnstageError, StoreError
from onstage.models.catalog import ModelConfig
from onstage.tracking.lock import locked
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.study import sweep
from tests.unit.searching import SPACE, Counting, peak, raises, search


def test_a_failed_trial_is_kept_and_the_sweep_goes_on(tmp_path: Path) -> None:
    result = search(tmp_path, Counting(3, raises(ValueError("singular\nmatrix"))), trials=6)
    failed = result.trials[result.trials["state"] == "FAILED"]
    assert failed["error"].tolist() == ["ValueError: singular"]
    assert (result.trials["state"] == "COMPLETE").sum() == 5
    rest = Counting()
    search(tmp_path, rest, trials=6)
    assert rest.calls == 0  # a failure is an answer too


def test_a_value_that_is_no_number_is_a_failure(tmp_path: Path) -> None:
    values = iter([0.1, math.nan, math.inf])
    result = search(tmp_path, lambda config, watch: Outcome(next(values)), trials=3)
    assert result.trials["state"].tolist() == ["COMPLETE", "FAILED", "FAILED"]


def test_when_every_trial_fails_the_sweep_says_so(tmp_path: Path) -> None:
    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        raise MemoryError("8 TiB")

    with pytest.raises(
        OnstageError, match=r"none of 2 trials completed \(last: MemoryError: 8 TiB"
    ):
        search(tmp_path, objective, trials=2)


def test_what_no_configuration_can_cure_ends_the_sweep_at_once(tmp_path: Path) -> None:
    broken = Counting(1, raises(ContractError("no metric 'ndgc'")))
    with pytest.raises(ContractError, match="ndgc"):
        search(tmp_path, broken)
    assert broken.calls == 1


def test_a_fault_of_the_program_is_not_taken_for_a_bad_configuration(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="oops"):
        search(tmp_path, Counting(2, raises(TypeError("oops"))))


def test_a_line_cut_short_by_a_crash_costs_one_trial_not_the_study(tmp_path: Path) -> None:
    search(tmp_path, trials=4)
    journal = tmp_path / "study.journal"
    with journal.open("ab") as stream:
        stream.write(b'{"op_code":4,"worker_id":"abc')
    rest = Counting()
    assert len(search(tmp_path, rest, trials=6).trials) == 6
    assert rest.calls == 2


def test_a_file_that_is_no_journal_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "study.journal").write_text("hello\n")
    with pytest.raises(StoreError, match="delete it to search from the start"):
        search(tmp_path)


def test_two_processes_cannot_search_in_one_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "sweep.lock"),
        pytest.raises(StoreError, match="another process is at it"),
    ):
        search(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/x: Not a directory; choose a writable one"):
        search(tmp_path / "file" / "x")


def test_a_space_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the space is of 'memory'"):
        sweep("als", None, SPACE, peak, trials=1, seed=0, folder=tmp_path, metric="m")
