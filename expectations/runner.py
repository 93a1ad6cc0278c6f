"""Validate a batch: run the suites, set bad rows aside, write the accepted rows and evidence."""

import logging
from pathlib import Path

from expectations.arrivals import Batch
from expectations.engine import Engine
from expectations.page import render
from expectations.quarantine import quarantine
from expectations.report import ValidationReport
from expectations.verdict import Verdict, judge
from onstage.data.clock import Clock
from onstage.data.profile import BatchProfile
from onstage.data.quality import Limits, ValidationConfig


logger = logging.getLogger(__name__)


def validate(
    tables: Path,
    out: Path,
    config: ValidationConfig,
    clock: Clock,
    *,
    baseline: BatchProfile | None,
    now: int | None = None,
) -> ValidationReport:
    """Validate the canonical tables in a folder; a large log in parts of users, see :mod:`.parts`.

    Parameters
    ----------
    tables
        Folder of ``interactions.parquet`` and, where there are any, ``items``, ``windows`` and
        ``relations``.
    out
        Existing, empty folder. Gets the accepted rows of every usable table under the same names,
        ``quarantine.parquet``, ``validation.json`` (the report), ``profile.json`` (the accepted
        batch), ``data_docs/`` and ``validation.html``. The same input gives the same bytes.
    config
        What must be true.
    clock
        How the log counts time.
    baseline
        The last accepted batch; None the first time, when nothing is compared.
    now
        Current tick, for the future; see :meth:`onstage.data.quality.Limits.of`.

    Returns
    -------
    ValidationReport
        Bad data do not raise: publish the folder, then call ``report.raise_if_failed()``.

    Raises
    ------
    ConfigError
        If a suite or ``config.earliest`` cannot be used.
    ContractError
        If a file is not Parquet.
    """
    limits = Limits.of(config, clock, now)
    engine = Engine()
    verdict = judge(engine, Batch.of(tables, limits), out, baseline)
    _write(out, verdict)
    engine.write_docs(out / "data_docs")
    logger.info("validation: %s", summary(verdict.report))
    return verdict.report


def summary(report: ValidationReport) -> str:
    """Say in one line what was accepted."""
    rows = [
        f"{table} {report.accepted.get(table, 0)} of {rows}"
        for table, rows in report.incoming.items()
    ]
    return f"{'passed' if report.passed else 'refused'}: accepted {', '.join(rows)}"


def _write(out: Path, verdict: Verdict) -> None:
    report = verdict.report
    aside = quarantine(verdict.sortings)
    aside.to_parquet(out / report.quarantine, index=False, compression="zstd")
    if verdict.profile is not None:
        text = verdict.profile.model_dump_json(indent=1)
        (out / "profile.json").write_text(text, encoding="utf-8")
    (out / report.page).write_text(render(report, verdict.outcomes), encoding="utf-8")
    (out / "validation.json").write_text(report.model_dump_json(indent=1), encoding="utf-8")
