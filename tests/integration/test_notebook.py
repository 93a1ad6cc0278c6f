"""The example notebook runs, and is kept without what running leaves in it."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest


pytestmark = pytest.mark.integration

NOTEBOOK = json.loads((Path(__file__).parents[2] / "examples" / "onstage.ipynb").read_text())
CODE = ["".join(c["source"]) for c in NOTEBOOK["cells"] if c["cell_type"] == "code"]


def run(cells: list[str]) -> tuple[dict[str, Any], list[Any]]:
    """Run cells as a notebook does: names are kept, the value of a last expression is shown."""
    names: dict[str, Any] = {}
    shown = []
    for cell in cells:
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)  # noqa: S102
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))  # noqa: S307
    return names, shown


def test_it_shows_a_leaderboard_a_comparison_and_lists_of_who_is_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names, (board, difference, lists) = run(CODE)
    assert dict(zip(board["model"], board["value"] > 0.5, strict=True)) == {
        "popularity": False, "memory": True, "item_knn": True,
    }  # fmt: skip
    assert difference.low <= difference.mean <= difference.high
    now = set(names["data"].items[names["live"].live_at(3000)])
    assert len(lists) == 9
    assert set(lists["item_id"]) <= now
    assert lists.groupby("user_id")["fallback"].all().to_dict() == {1: False, 2: False, 999: True}


def test_it_takes_twenty_lines_and_keeps_no_outputs() -> None:
    lines = [line for cell in CODE for line in cell.splitlines() if line.strip()]
    assert len([one for one in lines if not one.startswith(("from ", "import "))]) <= 20
    for cell in NOTEBOOK["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
