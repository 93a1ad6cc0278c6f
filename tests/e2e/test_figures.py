"""The figures of the pages on ideas are drawn by the script that says so, and stay small."""

import importlib.util
import re
from pathlib import Path

import pytest


pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DOCS = Path(__file__).parents[2] / "docs"
MEASURED = {"growth.svg"}
"""Drawn by `python -m benchmarks.growth` from what it measured in hours."""


def test_the_script_draws_every_figure_that_a_page_shows(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("draw", DOCS / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.draw(tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    shown = {
        name
        for page in DOCS.glob("*.md")
        for name in re.findall(r"\(figures/([\w-]+\.svg)\)", page.read_text())
    }
    assert drawn | MEASURED == shown == {path.name for path in (DOCS / "figures").glob("*.svg")}
    assert all(path.stat().st_size < 100_000 for path in tmp_path.iterdir())
