"""The tutorial and the how-to pages do what they say: their commands are run, in their order."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import main
from tests.e2e import pages


ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
HOW_TO = ROOT / "docs" / "howto"
ON_THE_PLATFORM = ("your-own-data", "schedule", "serve", "promote-and-roll-back")
"""How-to pages that go on where the tutorial ends, in an order that leaves each what it needs."""
IN_A_COPY = ("add-an-algorithm", "add-a-metric")
"""How-to pages that change the code."""
TALK = ("go-to-a-cluster",)
"""How-to pages without commands."""
SKIPPED = {"tutorial": 2, "schedule": 1, "serve": 1}
"""How many blocks of a page are not run: servers that stay up, and setting up."""

slow = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect"),
]


def run(page: Path, folder: Path, *, copy: bool = False) -> None:
    """Do what the page says, in `folder`, which may be a copy of the repository."""
    for step in pages.steps(page):
        match step:
            case pages.File():
                pages.write(step, folder)
            case pages.Command():
                own = step.line.startswith("onstage ") and not copy
                status, printed = inside(step.line) if own else shell(step.line, folder)
                assert status == step.status, f"$ {step.line}\n{printed}"
                lost = pages.missing(step.shown, printed)
                assert lost == [], f"$ {step.line}\nprinted\n{printed}\nand not\n{lost[0]}"


def inside(line: str) -> tuple[int, str]:
    """Exit status and output of our own command, in this process: that saves its start."""
    result = CliRunner().invoke(main, shlex.split(line)[1:])
    return result.exit_code, result.output


def shell(line: str, folder: Path) -> tuple[int, str]:
    """Exit status and output of any other command; what lies in `folder` is imported first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],  # noqa: S607
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tour(prefect: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of somebody who has followed the tutorial to its end."""
    folder = tmp_path_factory.mktemp("tour")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ONSTAGE_HOME", "var")
        run(TUTORIAL, folder)
        yield folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository, as far as Python reads it."""
    for name in ("onstage", "flows", "tasks", "expectations", "tests", "configs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "mlflow.yaml", "prefect.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_how_to_page_is_followed() -> None:
    assert {page.stem for page in HOW_TO.glob("*.md")} == {*ON_THE_PLATFORM, *IN_A_COPY, *TALK}
    for name in TALK:
        assert list(pages.steps(HOW_TO / f"{name}.md")) == []


@pytest.mark.parametrize("page", [TUTORIAL, *HOW_TO.glob("*.md")], ids=lambda page: page.stem)
def test_what_a_page_leaves_out_is_counted_and_has_a_reason(page: Path) -> None:
    skipped = [step for step in pages.steps(page) if isinstance(step, pages.Skipped)]
    assert len(skipped) == SKIPPED.get(page.stem, 0)
    assert all(len(step.reason.split()) > 3 for step in skipped)


@pytest.mark.parametrize(
    ("shown", "printed", "lost"),
    [
        (("rows: 7,559",), "rows: 12\n", []),
        (("a [0.1, 0.2] …", "b"), "x\na  [0.35, 0.4]  0.9\nb\n", []),
        (("b", "a"), "a\nb\n", ["a"]),
        (("run 5a934ff7d963439ab14f",), "run 00ffd963439ab14f77aa\n", []),
        (("rows: 12",), "users: 12\n", ["rows: 12"]),
    ],
)
def test_shown_lines_are_found_whatever_their_numbers(
    shown: tuple[str, ...], printed: str, lost: list[str]
) -> None:
    assert pages.missing(shown, printed) == lost


class TestPages:
    """Those that need a platform: the tutorial first, the how-to pages in its folder."""

    pytestmark = slow

    def test_the_tutorial_does_what_it_says(self, tour: Path) -> None:
        assert (tour / "lists.csv").exists()

    @pytest.mark.parametrize("name", ON_THE_PLATFORM)
    def test_a_how_to_page_goes_on_from_there(self, tour: Path, name: str) -> None:
        run(HOW_TO / f"{name}.md", tour)

    @pytest.mark.parametrize("name", IN_A_COPY)
    def test_a_page_that_changes_the_code_does_what_it_says(self, copy: Path, name: str) -> None:
        run(HOW_TO / f"{name}.md", copy, copy=True)
