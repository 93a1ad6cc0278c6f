"""Validation as a step of the pipeline."""

import time
from collections.abc import Mapping
from pathlib import Path

from expectations.report import ValidationReport
from expectations.runner import validate
from onstage.data.sources.availability import derive_windows
from onstage.data.store import Reference, digest_file, digest_json
from onstage.pipeline.ingestion import accept, baseline_for
from onstage.pipeline.workspace import Workspace


VALIDATE_VERSION = "1"


def validated(workspace: Workspace, source: Reference) -> Reference:
    """Separate good rows from bad ones and publish both with the evidence, pass or fail."""
    config = workspace.config
    baseline = baseline_for(workspace, source)

    def build(folder: Path) -> Mapping[str, float | int | str]:
        now = int(time.time() * 1_000_000) if config.clock.kind == "utc" else None
        report = validate(
            workspace.store.path(source),
            folder,
            config.validation,
            config.clock,
            baseline=baseline,
            now=now,
        )
        aside = sum(report.rows_quarantined.values())
        if config.data.windows == "interactions" and aside:
            derive_windows(folder)  # rows that were set aside open no window
        return {
            "passed": int(report.passed),
            "accepted": sum(report.accepted.values()),
            "quarantined": aside,
            "checks": report.checks,
        }

    return workspace.step(
        "validate",
        VALIDATE_VERSION,
        {"tables": source},
        {
            "validation": config.validation,
            "clock": config.clock,
            "baseline": baseline,
            "suites": suites_digest(),
        },
        build,
        content=("*.parquet", "profile.json"),
    )


def suites_digest() -> str:
    """Digest of the suites: an edited one judges the same data anew."""
    suites = sorted(Path(__file__).parent.glob("*.json"))
    return digest_json({path.name: digest_file(path) for path in suites})


def read_report(workspace: Workspace, made: Reference) -> ValidationReport:
    """Read the report of a validation step."""
    return ValidationReport.model_validate_json(
        workspace.store.path(made, "validation.json").read_text()
    )


def judge(workspace: Workspace, source: Reference, made: Reference) -> str:
    """Accept the batch and say so, or raise.

    Raises
    ------
    onstage.errors.ValidationError
        If the batch may not be trained on. The evidence and the quarantine stay in the store, and
        what was accepted before stays accepted.
    """
    report = read_report(workspace, made)
    report.raise_if_failed(str(workspace.store.path(made)))
    accept(workspace, source, made)
    accepted, aside = sum(report.accepted.values()), sum(report.rows_quarantined.values())
    return f"accepted {accepted} rows, set aside {aside}, {report.checks} expectations"
