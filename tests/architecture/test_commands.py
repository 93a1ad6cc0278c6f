"""Every command that a page shows is one that there is, spelt as it is understood.

The tutorial and the how-to pages are run as well: tests/e2e/test_pages.py.
"""

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from flows.cli import main, module_of


ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"^\$ (?:\w+=\S+ )*(?:\.venv/bin/)?onstage (.*)", re.MULTILINE)
AFTER = {"&", "&&", "|", ">", ";"}
"""Where a shell's own part of a line begins."""


def commands(page: Path) -> Iterator[list[str]]:
    """The words after `onstage` of every such line of a page."""
    for block in CONSOLE.findall(page.read_text().replace("\\\n", " ")):
        for line in OURS.findall(block):
            words = shlex.split(line, comments=True)
            yield words[: next((i for i, word in enumerate(words) if word in AFTER), None)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_command_of_a_page_is_understood(page: Path) -> None:
    group = click.Context(main, info_name="onstage", **main.context_settings)
    for name, *words in commands(page):
        command = importlib.import_module(module_of(name)).command
        try:
            command.make_context(name, words, parent=group)
        except click.UsageError as error:
            pytest.fail(f"onstage {name} {' '.join(words)}: {error.format_message()}")
        except click.exceptions.Exit:
            assert words in (["-h"], ["--help"])


def test_a_misspelt_command_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ onstage retrain configs/x.yaml --agian && ls\n```\n")
    assert list(commands(page)) == [["retrain", "configs/x.yaml", "--agian"]]
    with pytest.raises(pytest.fail.Exception, match="No such option"):
        test_a_command_of_a_page_is_understood(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_benchmark_or_target_of_a_page_is_there(page: Path) -> None:
    text = page.read_text()
    for name in re.findall(r"python -m benchmarks\.([a-z]\w*)", text):
        folder = ROOT / "benchmarks"
        assert (folder / f"{name}.py").exists() or (folder / name / "__main__.py").exists(), name
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, re.MULTILINE)) <= targets
