"""What must not stand in the tree."""

import re
import subprocess
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
FILES = subprocess.run(
    ["git", "ls-files"],  # noqa: S607
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
MACHINE = re.compile(r"(?<![\w.])/(work|root|home/\w+)/|pythonhosted|pypi\.org/simple|npmjs")


def test_no_path_of_a_machine_and_no_registry_is_named() -> None:
    found = [
        f"{name}: {match.group()}"
        for name in FILES
        if Path(name).suffix in {".py", ".toml", ".yaml", ".txt", ".md", ".json", ""}
        and name != "tests/architecture/test_tree.py"
        and (match := MACHINE.search((ROOT / name).read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("name", [n for n in FILES if n.endswith(".py")])
def test_a_python_file_stays_readable(name: str) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= 400


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [
        line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.+!]+", line)
    ] == []
    assert "torch==2.13.0" in lines


def test_no_pickle_is_loaded() -> None:
    loads = re.compile(r"\bpickle\.loads?\(|allow_pickle=True|joblib\.load|cloudpickle")
    found = [
        name
        for name in FILES
        if name.split("/")[0] in {"onstage", "flows", "tasks", "expectations"}
        and name.endswith(".py")
        and loads.search((ROOT / name).read_text())
    ]
    assert found == []
