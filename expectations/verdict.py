"""The verdict on a batch: what the suites say of what arrived, and of what is left of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from expectations.arrivals import INTERACTIONS, Arrival
from expectations.engine import Engine, Outcome
from expectations.measurements import (
    batch_parameters,
    explained,
    measure,
    table_parameters,
    tell,
)
from expectations.quarantine import Sorting, sort_out
from expectations.report import FAILED, SkippedCheck, ValidationReport, failed_checks
from expectations.suites import Skipped, Suite, suite_for, used_columns
from onstage.data.clock import Clock
from onstage.data.kinds import compact
from onstage.data.profile import BatchProfile, changes
from onstage.data.quality import Limits
from onstage.data.rules import faults


@dataclass(frozen=True)
class Verdict:
    """A judged batch: the report, and what is written of it."""

    report: ValidationReport
    outcomes: list[Outcome]
    sortings: Mapping[str, Sorting]
    accepted: Mapping[str, pd.DataFrame]
    profile: BatchProfile | None


def judge(
    engine: Engine, arrivals: Mapping[str, Arrival], limits: Limits, baseline: BatchProfile | None
) -> Verdict:
    """Run the suites on what arrived, set bad rows aside, and hold the rest against `baseline`.

    Great Expectations decides: the suites run on everything that arrived; what concerns rows runs
    again on what is left of a table that had bad rows, and must hold there; the batch as a whole
    is one row of measurements with a suite of its own.
    """
    outcomes, skipped = _examine(engine, arrivals, limits)
    sortings = {
        name: sort_out(a.table, faults(name, a.frame, limits))
        for name, a in arrivals.items()
        if a.usable
    }
    outcomes += _examine_accepted(engine, arrivals, sortings, outcomes, limits)
    accepted = {name: compact(sorting.sound) for name, sorting in sortings.items()}
    profile = _profile(accepted, limits.clock)
    changed = None
    if profile is not None and baseline is not None:
        changed = changes(
            accepted[INTERACTIONS], profile, baseline, noise=limits.config.change_noise
        )
    found, left_out = _examine_batch(engine, sortings, measure(sortings, changed), limits)
    skipped += [explained(s) for s in left_out]
    report = _report(arrivals, sortings, outcomes + found, skipped)
    return Verdict(report, outcomes + found, sortings, accepted, profile)


def _suite(name: str, arrivals: Mapping[str, Arrival], limits: Limits) -> Suite:
    arrival, interactions = arrivals[name], arrivals[INTERACTIONS].table
    return suite_for(
        name,
        {*arrival.table.columns, *arrival.frame.columns},
        table_parameters(name, arrival.table, interactions, limits),
        wrong=arrival.wrong,
        empty=arrival.table.empty,
    )


def _examine(
    engine: Engine, arrivals: Mapping[str, Arrival], limits: Limits
) -> tuple[list[Outcome], list[Skipped]]:
    outcomes: list[Outcome] = []
    skipped: list[Skipped] = []
    for name, arrival in arrivals.items():
        suite = _suite(name, arrivals, limits)
        frame = arrival.frame.assign(**{c: arrival.table[c] for c in arrival.wrong})
        outcomes += engine.run(suite, _narrow(suite, frame), "incoming")
        skipped += suite.skipped
    return outcomes, skipped


def _examine_accepted(
    engine: Engine,
    arrivals: Mapping[str, Arrival],
    sortings: Mapping[str, Sorting],
    before: list[Outcome],
    limits: Limits,
) -> list[Outcome]:
    """Run what failed about rows again on what is left of each table.

    What held for all rows holds for some of them, unless it asks for a share of the rows.
    """
    outcomes: list[Outcome] = []
    for name, sorting in sortings.items():
        failed = {o.check for o in before if o.table == name and not o.success}
        full = _suite(name, arrivals, limits)
        rows = [
            e
            for e in full.expectations
            if e["meta"]["scope"] == "rows"
            and e["severity"] == "critical"
            and (e["meta"]["check"] in failed or "mostly" in e["kwargs"])
        ]
        if rows:
            suite = Suite(name, full.about, tuple(rows), ())
            left = arrivals[name].frame[~sorting.bad].reset_index(drop=True)
            outcomes += engine.run(suite, _narrow(suite, left), "accepted")
    return outcomes


def _examine_batch(
    engine: Engine, sortings: Mapping[str, Sorting], measured: pd.DataFrame, limits: Limits
) -> tuple[list[Outcome], tuple[Skipped, ...]]:
    suite = suite_for("batch", measured.columns, batch_parameters(limits))
    outcomes = engine.run(suite, measured, "incoming") if suite.expectations else []
    return [tell(outcome, measured, sortings) for outcome in outcomes], suite.skipped


def _narrow(suite: Suite, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns that a suite looks at: Great Expectations hashes all it is given."""
    used = [column for column in used_columns(suite) if column in frame.columns]
    return frame[used]


def _profile(accepted: Mapping[str, pd.DataFrame], clock: Clock) -> BatchProfile | None:
    if INTERACTIONS not in accepted:
        return None
    columns = {name: tuple(sorted(map(str, t.columns))) for name, t in accepted.items()}
    profile = BatchProfile.of(accepted[INTERACTIONS], clock)
    return profile.model_copy(update={"columns": columns})


def _report(
    arrivals: Mapping[str, Arrival],
    sortings: Mapping[str, Sorting],
    outcomes: list[Outcome],
    skipped: list[Skipped],
) -> ValidationReport:
    failed = failed_checks(outcomes)
    return ValidationReport(
        passed=not any(check.refuses for check in failed),
        incoming={name: len(arrival.table) for name, arrival in arrivals.items()},
        accepted={name: int((~sorting.bad).sum()) for name, sorting in sortings.items()},
        quarantined={name: s.counts for name, s in sortings.items() if s.counts},
        checks=len(outcomes),
        failures=len(failed),
        failed=tuple(failed[:FAILED]),
        skipped=tuple(SkippedCheck(table=s.table, check=s.check, why=s.why) for s in skipped),
    )
