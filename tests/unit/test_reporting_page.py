"""The report's page: safe, readable without seeing it, complete; or it says what is missing."""

import base64
import hashlib
import itertools
import re
from pathlib import Path

import pandas as pd
import pytest

from onstage.errors import ContractError
from onstage.registry.promotion import Decision, Standing
from onstage.reporting.page import linkable, render_report, report_html
from onstage.reporting.report import DataSummary, PromotionSummary, Report
from tests.unit.reports import HOSTILE, Page, board, full, two_groups


@pytest.fixture(scope="module")
def text() -> str:
    """The page of the full report, drawn once: a plot takes a third of a second."""
    return report_html(full())


def test_the_page_loads_nothing_and_runs_only_its_own_script(text: str) -> None:
    page = Page(text)
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    assert page.all("script") == [{}]
    script = text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )
    assert len(script.splitlines()) < 40
    assert page.loads
    assert all(source.startswith("data:image/") for source in page.loads)
    assert "url(" not in text
    assert "@import" not in text
    for source in page.loads:
        if source.startswith("data:image/svg+xml"):
            svg = base64.b64decode(source.partition(",")[2]).decode()
            assert not re.search(r'href="(?!#|data:)|<!DOCTYPE', svg)


def test_every_picture_says_what_it_shows_and_every_head_what_it_heads(text: str) -> None:
    page = Page(text)
    assert len(page.all("img")) == 9  # 2 curves in one, sweep, 3 costs, 3 of clusters, hours
    assert all(len(str(image["alt"])) > 20 for image in page.all("img"))
    drawn = [a for a in page.all("svg") if a.get("class") == "bar"]
    assert all(a["role"] == "img" and a["aria-label"] for a in drawn)
    assert [a["aria-label"] for a in drawn[:2]] == [
        "0.5000 [0.4000, 0.6000]",
        "0.4000 [0.3000, 0.5000]",
    ]
    assert {a.get("scope") for a in page.all("th")} == {"col", "row"}
    assert len(page.all("table")) == len(page.all("caption"))
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert {link[1:] for link in page.links if link.startswith("#")} <= ids
    heads = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(heads))


def test_on_live_protocols_the_hit_rate_at_one_is_called_the_reward(text: str) -> None:
    assert "hr@1 is the reward" in text  # the protocol is live-B


def test_hostile_names_are_shown_and_not_obeyed(text: str) -> None:
    assert text.count("<script") == 1
    assert "alert('" not in text
    words = Page(text).words
    # user, two titles, quarantine reason, split; the model in 3 rankings and slices and costs
    assert words.count(HOSTILE) == 9
    assert f"title = {HOSTILE}" in words


def test_only_addresses_that_lead_somewhere_become_links(text: str) -> None:
    links = [a for a in Page(text).links if not a.startswith("#")]
    assert links == ["http://127.0.0.1:5000/#/runs/abc", "docs/index.html"]
    assert linkable("https://host/a?b=c#d")
    assert linkable("file:///var/x.html")
    assert linkable("../docs/index.html")
    for trap in ("javascript:alert(1)", " javascript:x", "data:text/html,x", "//host/x", "java\n:"):
        assert not linkable(trap)


def test_the_same_report_has_the_same_bytes(tmp_path: Path) -> None:
    report = Report(
        title="t",
        leaderboard=board("als"),
        clusters={"users": two_groups()},
        environment={"seed": "0"},
    )
    first = render_report(report, tmp_path / "a" / "report.html").read_bytes()
    again = render_report(report, tmp_path / "b.html").read_bytes()
    assert first == again
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["report.html"]


def test_every_missing_part_is_left_out_with_a_note() -> None:
    words = " ".join(Page(report_html(Report(title="nothing"))).words)
    for note in (
        "No summary of the data was given.",
        "No model was evaluated.",
        "Nothing was decided about promotion.",
        "No sweep was run.",
        "Nothing was clustered.",
        "No recommendations were sampled.",
        "No costs were measured.",
        "No model learned in epochs.",
        "Nothing was recorded about the environment.",
    ):
        assert note in words


def test_a_full_report_of_one_protocol_has_no_other_note(text: str) -> None:
    assert re.findall(r'class="none">([^<]*)<', text) == [
        "There is one protocol only.",
        "No protocol asks at instants, so there are no hours and no last visits.",
    ]


def test_numbers_are_written_for_people(text: str) -> None:
    words = Page(text).words
    assert {"105,745", "alpha = 17.23", "1 min 15 s", "3.2 ms", "2.4 MB", "800 B"} <= set(words)
    assert Page(text).row("als", "0.5512") == ["als", "0.5512", "20", "0", "0", "3 min 12 s"]


def test_a_refused_batch_says_which_checks_failed() -> None:
    data = DataSummary("d", 1, 1, 1, accepted=False, failed=("timestamp: 4 in the future",))
    words = Page(report_html(Report(title="t", data=data))).words
    assert "refused" in words
    assert "timestamp: 4 in the future" in words


def test_a_decision_is_copied_with_its_intervals() -> None:
    class Gain:
        mean, low, high, n_events, n_users = 0.1, 0.05, 0.15, 20, 7

    decision = Decision(
        promote=False,
        reasons=("gain too small",),
        challenger=Standing("als", {}),
        champion=Standing("memory", {}, version="7"),
        verdict="kept",
        intervals={"memory": Gain()},
    )
    made = PromotionSummary.from_decision(decision)
    assert made.sentence == "kept champion v7: gain too small"
    assert made.gains is not None
    assert made.gains.to_dict("records") == [
        {"opponent": "memory", "value": 0.1, "low": 0.05, "high": 0.15, "n": 20}
    ]
    words = Page(report_html(Report(title="t", promotion=made))).words
    assert "The champion stays." in words
    assert "+0.0500 to +0.1500" in words


def test_a_table_of_another_shape_is_named() -> None:
    with pytest.raises(ContractError, match="costs: no column 'fit_seconds'"):
        report_html(Report(title="t", costs=pd.DataFrame({"model": ["als"]})))


def test_an_unwritable_folder_leaves_the_old_page(tmp_path: Path) -> None:
    path = render_report(Report(title="old"), tmp_path / "report.html")
    with pytest.raises(ContractError):
        render_report(Report(title="new", leaderboard=pd.DataFrame({"a": [1]})), path)
    assert "old" in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
