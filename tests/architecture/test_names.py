"""Prefect puts `flows/` itself on sys.path: no file there may hide an installed module."""

import importlib.util
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
STEMS = sorted(
    {p.stem for d in ("flows", "tasks") for p in (ROOT / d).glob("[!_]*.py")}
    | {p.parent.name for p in (ROOT / "flows").glob("*/__init__.py")}
)


@pytest.mark.parametrize("stem", STEMS)
def test_no_flow_or_task_shadows_a_module(stem: str) -> None:
    assert stem not in sys.stdlib_module_names
    assert importlib.util.find_spec(stem) is None


@pytest.mark.parametrize("package", ["onstage", "flows", "tasks", "expectations"])
def test_top_level_packages_are_ours_alone(package: str) -> None:
    assert set(packages_distributions().get(package, ["onstage"])) == {"onstage"}
