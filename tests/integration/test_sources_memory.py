"""More rows than memory: what does not fit goes to disk, and the bytes are the same."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from onstage.data.drafts import mine
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from onstage.errors import ConfigError
from onstage.settings import load_settings
from tests.integration.logs import COLUMNS, STEPS, read, write


pytestmark = pytest.mark.integration

SUMMED = {"weight": "duration", "sum_by": ["user_id", "item_id", "timestamp"]}


def spoken(rows: int) -> pa.Table:
    """Rows that repeat each other now and then, so that there is something to sum."""
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "u": pa.array([f"user {n}" for n in rng.integers(rows // 5, size=rows)]),
            "i": pa.array([f"item {n}" for n in rng.integers(2000, size=rows)]),
            "t": rng.integers(50, size=rows),
            "d": rng.integers(1, 4000, size=rows),
        }
    )


def written(table: pa.Table, folder: Path, kind: str) -> str:
    """One file, or a glob of three."""
    path = folder / f"log.{kind}"
    if kind == "csv":
        pyarrow.csv.write_csv(table, path)
    elif kind == "parquet":
        pq.write_table(table, path)
    else:
        third = len(table) // 3 + 1
        for number in range(3):
            part = table.slice(number * third, third)
            pq.write_table(part, folder / f"part-{number}.parquet")
        return str(folder / "part-*.parquet")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet", "glob"])
def test_a_small_memory_gives_the_same_bytes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {**COLUMNS, "duration_seconds": "d"}
    source = {"path": written(spoken(600_000), tmp_path, kind), "columns": columns, **SUMMED}
    config = DataConfig.model_validate({"interactions": source})
    made = []
    for memory in ("2GiB", "40MiB"):
        monkeypatch.setenv("ONSTAGE_MEMORY", memory)
        out = tmp_path / memory
        out.mkdir()
        ingest(config, STEPS, out)
        made.append((out / "interactions.parquet").read_bytes())
        assert [path.name for path in out.iterdir()] == ["interactions.parquet"]
    assert made[0] == made[1]


PEAK = """
import sys
from pathlib import Path
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from tests.integration.logs import STEPS
columns = {"user_id": "u", "item_id": "i", "timestamp": "t", "duration_seconds": "d"}
source = {"path": sys.argv[1], "columns": columns,
          "weight": "duration", "sum_by": ["user_id", "item_id", "timestamp"]}
out = Path(sys.argv[2])
out.mkdir()
ingest(DataConfig.model_validate({"interactions": source}), STEPS, out)
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's memory too
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.slow
def test_four_times_the_rows_do_not_take_four_times_the_memory(tmp_path: Path) -> None:
    """MiB at the most, of 1 and 4 million rows, the library's own some 250 included."""
    peaks = []
    for rows in (1_000_000, 4_000_000):
        path = written(spoken(rows), tmp_path, "parquet")
        command = [sys.executable, "-c", PEAK, path, str(tmp_path / str(rows))]
        env = {**os.environ, "ONSTAGE_MEMORY": "64MiB", "ONSTAGE_THREADS": "2"}
        run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        peaks.append(int(run.stdout))
    assert peaks[1] < 1.35 * peaks[0], peaks


def test_a_memory_that_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSTAGE_MEMORY", "plenty")
    with pytest.raises(ConfigError, match=r"ONSTAGE_…\): memory: .* \(got 'plenty'\)"):
        load_settings()


def test_a_memory_that_does_not_suffice_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSTAGE_MEMORY", "1MiB")
    path = written(spoken(200_000), tmp_path, "parquet")
    said = r"memory does not suffice, .* used\); give more with ONSTAGE_MEMORY, or fewer"
    with pytest.raises(ConfigError, match=said) as caught:
        read(tmp_path, {"path": path})
    assert "\n" not in str(caught.value)


def test_scratch_is_used_and_left_empty_and_what_killed_processes_left_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True,
                           capture_output=True, text=True)  # fmt: skip
    dead = scratch / mine("engine").replace(str(os.getpid()), ended.stdout.strip())
    dead.mkdir(parents=True)
    monkeypatch.setenv("ONSTAGE_SCRATCH", str(scratch))
    table = read(tmp_path, {"path": write(tmp_path / "log.csv", [("a", "b", 1)])})
    assert len(table) == 1
    assert list(scratch.iterdir()) == []


def test_a_scratch_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ONSTAGE_SCRATCH", str(tmp_path / "file"))
    path = write(tmp_path / "log.csv", [("a", "b", 1)])
    with pytest.raises(ConfigError, match=r"file: .* choose a writable one with ONSTAGE_SCRATCH"):
        read(tmp_path, {"path": path})
