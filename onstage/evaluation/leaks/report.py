"""All findings about one model under one protocol, in one line and as one error."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from onstage.errors import LeakError
from onstage.evaluation.leaks.finding import Finding


Split = Literal["time", "random"]
"""How a protocol divides the log: in time, or at random, which lets a model see the future."""


class LeakReport(BaseModel):
    """What the lint found in one backtest, protocol by protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    split: dict[str, Split]
    """Protocol to how it splits."""
    findings: dict[str, tuple[Finding, ...]]
    """Protocol to its findings."""

    def raise_if_leaking(self, model: str) -> None:
        """Raise the first leak.

        Raises
        ------
        LeakError
            With the model, the protocol, the check, its numbers, the first offenders and what to
            do, and how many other checks failed.
        """
        found = [(p, f) for p, part in self.findings.items() for f in part if f.leaks]
        if found:
            protocol, finding = found[0]
            more = f" (and {len(found) - 1} more checks failed)" if len(found) > 1 else ""
            message = f"{model}, {protocol}: {finding.sentence}{more}"
            raise LeakError(message)


def line(reports: Sequence[LeakReport]) -> str:
    """One line for people about the reports of several models: what was looked at, what found."""
    findings = [f for report in reports for part in report.findings.values() for f in part]
    if not findings:
        return "leaks: nothing was checked; `onstage backtest` checks and says what it looked at"
    leaking = sum(finding.leaks > 0 for finding in findings)
    verdict = "passed" if not leaking else f"done, {leaking} FAILED"
    rows = _largest(findings, "overlap", "training rows")
    events = _sum(findings, "future", "events")
    candidates = _largest(findings, "availability", "candidates")
    protocols = {name: split for report in reports for name, split in report.split.items()}
    random = [name for name, split in protocols.items() if split == "random"]
    stamp = f"; RANDOM SPLIT in {', '.join(random)}: models see the future" if random else ""
    return (
        f"leaks: {len(findings)} checks of {len(reports)} models under {', '.join(protocols)} "
        f"{verdict}: {rows:,} training rows, {events} answers without their future, "
        f"{candidates:,} candidates counted anew{stamp}"
    )


def _largest(findings: Iterable[Finding], check: str, number: str) -> int:
    return max((f.numbers.get(number, 0) for f in findings if f.check == check), default=0)


def _sum(findings: Iterable[Finding], check: str, number: str) -> int:
    return sum(f.numbers.get(number, 0) for f in findings if f.check == check)
