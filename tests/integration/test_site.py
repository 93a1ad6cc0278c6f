"""The documentation site builds strictly, and opens offline."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(
    r"<(?:script|img|iframe|link rel=\"(?:stylesheet|preconnect|preload)\")[^>]*"
    r"(?:src|href)=\"(?:https?:)?//[^\"]+"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    written = {page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")}
    assert {page.with_suffix(".html") for page in written} <= {
        page.relative_to(site) for page in site.rglob("*.html")
    }


def test_no_page_fetches_anything(site: Path) -> None:
    found = {
        f"{page.relative_to(site)}: {match.group()}"
        for page in site.rglob("*.html")
        for match in FETCHED.finditer(page.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_search_needs_no_server(site: Path) -> None:
    script = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    index = json.loads(script[script.index("{") : script.rindex("}") + 1])
    assert any("quarantine" in page["text"] for page in index["docs"])
    assert (site / "assets" / "javascripts").is_dir()


def test_pictures_are_small_and_shown() -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    for picture in (ROOT / "docs" / "figures").iterdir():
        assert picture.stat().st_size < 200_000, picture.name
        assert f"figures/{picture.name})" in pages, picture.name
