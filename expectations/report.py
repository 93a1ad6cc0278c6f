"""What a validation found, in bounds: at most ten failed checks with five examples each."""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict

from expectations.engine import EXAMPLES, Outcome
from onstage.errors import ValidationError


FAILED: Final = 10
LINE: Final = 500
"""Longest error message, in characters."""


class FailedCheck(BaseModel):
    """One expectation that does not hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    table: str
    """The table, or ``batch`` for what concerns the batch as a whole."""
    check: str
    """The expectation's name in the suite."""
    expectation: str
    """Great Expectations' type."""
    description: str
    """What should be true."""
    refuses: bool
    """True: it stops the run. False: its rows were set aside, or it is a warning."""
    critical: bool
    """False for warnings."""
    unexpected: int
    """Rows that break it; 0 for expectations about a table or the batch."""
    share: float
    """The same as a share of the table's rows."""
    observed: str
    """What was seen."""
    examples: tuple[str, ...]
    """Up to five values."""
    remedy: str
    """What to do about it."""


class SkippedCheck(BaseModel):
    """An expectation that was not evaluated."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    table: str
    """The table."""
    check: str
    """The expectation's name."""
    why: str
    """An absent column, or a limit that is not configured."""


class ValidationReport(BaseModel):
    """The verdict on a batch and its evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    passed: bool
    """Whether the batch may be used."""
    incoming: dict[str, int]
    """Rows that arrived, by table."""
    accepted: dict[str, int]
    """Rows that were accepted, by table; a table that cannot be used is absent."""
    quarantined: dict[str, dict[str, int]]
    """Rows set aside, by table and reason; a row with two reasons is counted in both."""
    checks: int
    """Expectations that were evaluated."""
    failures: int
    """How many failed; :attr:`failed` holds the first ten."""
    failed: tuple[FailedCheck, ...]
    """Those that refuse the batch first."""
    skipped: tuple[SkippedCheck, ...]
    """Expectations that were left out."""
    docs: str = "data_docs/index.html"
    """Index page of Data Docs, relative to the report's folder."""
    page: str = "validation.html"
    """The same in one file that opens offline, relative to the report's folder."""
    quarantine: str = "quarantine.parquet"
    """Rows set aside with their reasons, relative to the report's folder."""

    @property
    def rows_quarantined(self) -> dict[str, int]:
        """Rows set aside, by table."""
        return {
            table: rows - self.accepted.get(table, 0)
            for table, rows in self.incoming.items()
            if table in self.accepted
        }

    def raise_if_failed(self, folder: str = "") -> None:
        """Raise unless the batch passed.

        Parameters
        ----------
        folder
            Where the report stands, if the message should say so.

        Raises
        ------
        ValidationError
            One line: what, how much, the rule, where to look, the remedy.
        """
        if self.passed:
            return
        refusing = [check for check in self.failed if check.refuses]
        first = refusing[0]
        more = f" (and {len(refusing) - 1} more)" if len(refusing) > 1 else ""
        page = f"{folder.rstrip('/')}/{self.page}" if folder else self.page
        text = f"validation refused the batch: {_told(first)}{more}; see {page}; {first.remedy}"
        raise ValidationError(text if len(text) <= LINE else text[: LINE - 1] + "…")


def _told(check: FailedCheck) -> str:
    where = check.check if check.table == "batch" else f"{check.table}: {check.check}"
    if check.unexpected and check.table != "batch":
        seen = f"{check.unexpected} rows, e.g. {', '.join(check.examples[:2])}"
    else:
        seen = f"found {check.observed or 'none'}"
    return f"{where}: {seen}; expected: {_clause(check.description)}"


def _clause(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:].rstrip('.')}"


def failed_checks(outcomes: Iterable[Outcome]) -> list[FailedCheck]:
    """Failed outcomes as checks, those that refuse the batch first.

    An outcome refuses when it is critical and either concerns a table or the batch, or was found on
    the accepted rows: bad incoming rows are set aside, and only their share can refuse a batch.
    """
    failed = [
        FailedCheck(
            table=o.table,
            check=o.check,
            expectation=o.kind,
            description=o.description,
            refuses=o.critical and (o.scope == "table" or o.stage == "accepted"),
            critical=o.critical,
            unexpected=o.unexpected,
            share=o.share,
            observed=o.observed,
            examples=tuple(text[:200] for text in o.examples[:EXAMPLES]),
            remedy=o.remedy or "repair the rows at the source",
        )
        for o in outcomes
        if not o.success
    ]
    return sorted(failed, key=lambda check: (not check.refuses, not check.critical))
