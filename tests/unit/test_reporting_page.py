import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from typing_extensions import override

from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.kmeans import cluster
from onstage.errors import ContractError
from onstage.registry.conditions import Condition
from onstage.registry.promotion import Decision, Standing
from onstage.reporting.curve_plots import curve_plot
from onstage.reporting.figures import drawable
from onstage.reporting.page import linkable, render_report, report_html
from onstage.reporting.plots import elbow_plot, hour_plot, profile_plot
from onstage.reporting.report import (
    DataSummary,
    PromotionSummary,
    Report,
    Sample,
    SweepSummary,
)
from onstage.reporting.tables import LEADERBOARD


if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOSTILE = "</td><script>alert('$x$')</script>"


def board(*models: str) -> pd.DataFrame:
    rows = [
        (model, "live-B", group, metric, 0.5 - 0.1 * at, 0.4 - 0.1 * at, 0.6 - 0.1 * at, 20)
        for at, model in enumerate(models)
        for group in ("all", "unseen")
        for metric in ("ndcg_at_10", "hr_at_1")
    ]
    return pd.DataFrame(rows, columns=list(LEADERBOARD.required))


def two_groups() -> Clusters:
    features = pd.DataFrame(
        {"coins": [1.0, 2, 3, 900, 901, 902, 903], "hour_sin": 0.5, "hour_cos": 0.1},
        index=pd.Index(range(7), name="user_id"),
    )
    return cluster(features, ClusterConfig(k_max=5))


TRIALS = pd.DataFrame(
    {
        "number": [0, 1, 2, 3],
        "state": ["COMPLETE", "PRUNED", "COMPLETE", "FAILED"],
        "value": [0.40, 0.30, 0.55, np.nan],
    }
)
PAIRS = pd.DataFrame({"a": ["als"], "b": [HOSTILE], "p_holm": [0.01], "mean": [0.1]})


def full() -> Report:
    sweep = SweepSummary(
        "als",
        20,
        0.5512,
        config={"factors": 64, "alpha": 17.234234, "title": HOSTILE},
        seconds=192.3,
        history=TRIALS,
        importance={"alpha": 0.75, HOSTILE: 0.25},
        link="http://127.0.0.1:5000/#/runs/abc",
    )
    hours = {"hour": [0, 12], "value": [0.5, 0.6], "low": [0.4, 0.5], "high": [0.6, 0.7]}
    condition = Condition(
        kind="baseline",
        what="ndcg_at_10 over popularity",
        passed=True,
        reason=f"gained +0.1000 over {HOSTILE}",
        challenger="als",
        value=0.1,
        low=0.05,
        high=0.15,
        limit=0.0,
        n=1420,
    )
    return Report(
        title="retrain of demo",
        made_at="2026-11-22 08:15 UTC",
        data=DataSummary("demo", 105745, 2000, 1742, "step 0", "step 9", {HOSTILE: 12}, True, 14),
        leaderboard=board("als", HOSTILE),
        pairs={("live-B", "all"): PAIRS},
        protocols={"live-B": f"Who is live is ranked, says {HOSTILE}."},
        curves={HOSTILE: {"loss": {1: 2.0, 2: 1.5}, "ndcg_at_10": {1: 0.3, 2: 0.4}}},
        sweeps=(sweep,),
        promotion=PromotionSummary(
            promoted=True,
            sentence="first champion v1",
            verdict="first",
            model="als",
            version="1",
            champion="als",
            champion_version="1",
            reasons=(f"gained over {HOSTILE}",),
            conditions=(condition,),
            gains=pd.DataFrame(
                {"opponent": ["popularity"], "value": [0.1], "low": [0.05], "high": [0.15], "n": 20}
            ),
        ),
        clusters={"users": two_groups()},
        hours=pd.DataFrame(hours),
        samples=(
            Sample(HOSTILE, (HOSTILE,), ("shroud", HOSTILE), "new", frozenset({1}), "the busiest"),
        ),
        samples_note=f"At {HOSTILE}.",
        costs=pd.DataFrame(
            {
                "model": ["als", HOSTILE],
                "fit_seconds": [75.04, 0.001],
                "evaluation_seconds": [np.nan, 2.0],
                "latency_ms": [3.217, np.nan],
                "size_bytes": [2_400_000.0, 800.0],
            }
        ),
        provenance={"data digest": "abc", "split": HOSTILE},
        environment={"python": "3.11"},
        links={"Data Docs": "docs/index.html", "trap": "javascript:alert(1)"},
        notes=(f"RANDOM SPLIT: {HOSTILE}",),
    )


@pytest.fixture(scope="module")
def text() -> str:
    """The page of the full report, drawn once: a plot takes a third of a second."""
    return report_html(full())


class Page(HTMLParser):
    """Tags, what they load or link to, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self._cell = False
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name in {"src", "srcset", "data", "poster", "background"}:
                self.loads.append(str(value))
            if name == "href":
                self.links.append(str(value))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._cell = True

    @override
    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"td", "th"}

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())
        if self._cell:
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every element of a kind."""
        return [attrs for name, attrs in self.tags if name == tag]

    def row(self, *starts: str) -> list[str]:
        """The first row of a table whose cells begin so."""
        return next(row for row in self.rows if tuple(row[: len(starts)]) == starts)


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


def texts(figure: "Figure") -> set[str]:
    from matplotlib.text import Text

    return {text.get_text() for text in figure.findobj(Text)}


def test_cluster_plots_show_every_k_and_every_deviation() -> None:
    made = two_groups()
    inertia, silhouette = elbow_plot(made, "users").axes
    assert inertia.lines[0].get_xdata().tolist() == made.elbow["k"].tolist()
    assert silhouette.lines[1].get_xdata()[0] == made.k
    heat = texts(profile_plot(made, "users"))
    assert f"{made.deviations.loc[1, 'coins']:+.1f}" in heat
    assert {"coins", "hour sin", "0.0", "1\n57%"} <= heat


def test_hours_have_one_line_per_model() -> None:
    table = pd.DataFrame({"hour": [3, 1, 3], "value": [0.3, 0.1, 0.5], "model": ["a", "a", "b"]})
    lines = hour_plot(table).axes[0].lines
    assert [line.get_xdata().tolist() for line in lines] == [[1, 3], [3]]


def test_texts_are_drawn_as_they_are_and_not_as_mathematics() -> None:
    assert drawable("$x$ is \\ 5€") == "\\$x\\$ is \\ 5€"
    assert drawable("\U0001f9ff\n漢") == "???"
    curve_plot("$\\frac{1$ 漢字", {"loss": {1: 1.0}}).draw_without_rendering()
