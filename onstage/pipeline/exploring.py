"""A look at the data as two steps: what the sources hold, and what the accepted log shows."""

import json
import logging
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from onstage.data.sources.survey import Survey, survey
from onstage.data.store import Reference
from onstage.exploring.exhibit import Exploration
from onstage.exploring.explore import Provenance, chapters
from onstage.exploring.tables import SAMPLE, opened
from onstage.exploring.wording import count
from onstage.pipeline.folio import FACTS, Folio
from onstage.pipeline.workspace import Counts, Workspace
from onstage.reporting.exploration.page import FIGURES, PAGE, render_exploration


logger = logging.getLogger(__name__)

SURVEY_VERSION: Final = "1"
EXPLORE_VERSION: Final = "2"
UNFIT: Final = re.compile(r"[^A-Za-z0-9_\-. :/]")
"""What MLflow does not allow in the name of a metric."""
SURVEY: Final = "survey.json"


def surveyed(workspace: Workspace, ingested: Reference) -> Reference:
    """Count what the raw sources hold, unless the same bytes were surveyed before."""
    config = workspace.config

    def build(folder: Path) -> Counts:
        found = survey(config.data, config.clock, folder)
        (folder / SURVEY).write_text(found.model_dump_json(indent=1), encoding="utf-8")
        return {one.table: one.rows for one in found.tables}

    return workspace.step(
        "survey",
        SURVEY_VERSION,
        {"sources": ingested.key},
        {"data": config.data, "clock": config.clock},
        build,
    )


def explored(
    workspace: Workspace, ingested: Reference, validated: Reference, source: Reference
) -> Reference:
    """Compute the facts of the accepted log and draw them.

    Parameters
    ----------
    ingested, validated
        The tables before and after validation.
    source
        What :func:`surveyed` made.
    """
    config = workspace.config
    store = workspace.store
    provenance = Provenance(
        survey=Survey.model_validate_json(store.path(source, SURVEY).read_text(encoding="utf-8")),
        ingested=int(ingested.counts["interactions"]),
        **_verdict(workspace, validated),
    )

    def build(folder: Path) -> Counts:
        tables = store.path(validated)
        with opened(tables, folder, config.data, config.clock, seed=config.seed) as accepted:
            parts = chapters(accepted, config.data, provenance, _told)
            rows = accepted.rows["log"]
        exploration = Exploration(config.name, parts, _about(workspace, validated))
        render_exploration(exploration, folder)
        facts = json.dumps(exploration.facts(), indent=1, ensure_ascii=False, allow_nan=False)
        (folder / FACTS).write_text(facts, encoding="utf-8")
        return {"rows": rows, "figures": len(list((folder / FIGURES).iterdir()))}

    return workspace.step(
        "explore",
        EXPLORE_VERSION,
        {"log": validated, "survey": source},
        {"name": config.name, "data": config.data, "clock": config.clock, "seed": config.seed},
        build,
    )


def _metrics(facts: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of the facts one or two levels deep, as ``exhibit/name``."""
    metrics: dict[str, float] = {}
    for key, part in facts.items():
        if not isinstance(part, dict):
            continue
        for name, value in part.items():
            inner = value.items() if isinstance(value, dict) else ()
            flat = {name: value, **{f"{name}/{one}": v for one, v in inner}}
            metrics |= {
                UNFIT.sub("_", f"{key}/{one}"): float(v)
                for one, v in flat.items()
                if isinstance(v, int | float) and not isinstance(v, bool)
            }
    return metrics


FOLIO: Final = Folio("explore", PAGE, FIGURES, _metrics)


def _verdict(workspace: Workspace, validated: Reference) -> dict[str, Any]:
    """Rows of the log that validation accepted, and those it set aside, by reason."""
    text = workspace.store.path(validated, "validation.json").read_text(encoding="utf-8")
    found = json.loads(text)
    return {
        "accepted": int(found["accepted"]["interactions"]),
        "set_aside": dict(found["quarantined"].get("interactions", {})),
    }


def _about(workspace: Workspace, validated: Reference) -> dict[str, str]:
    return {
        "data set": workspace.config.name,
        "data digest": validated.digest,
        "seed": str(workspace.config.seed),
        "scatter plots": f"a seeded sample of {count(SAMPLE)} rows; all else is of all rows",
        "days": "UTC" if workspace.config.clock.kind == "utc" else "of the log, from step 0",
        "onstage": version("onstage"),
    }


def _told(chapter: str) -> None:
    logger.info("exploring: %s", chapter)
