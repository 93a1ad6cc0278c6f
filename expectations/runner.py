"""Validate a batch: run the suites, set bad rows aside, hold the rest against the last batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.engine import Engine, Outcome
from expectations.measurements import (
    batch_parameters,
    explained,
    measure,
    table_parameters,
    tell,
)
from expectations.page import render
from expectations.quarantine import Sorting, quarantine, sort_out
from expectations.report import FAILED, SkippedCheck, ValidationReport, failed_checks
from expectations.suites import Skipped, Suite, suite_for, used_columns
from onstage.contracts import TABLES
from onstage.data.clock import Clock
from onstage.data.kinds import compact, settled
from onstage.data.profile import BatchProfile, changes
from onstage.data.quality import Limits, ValidationConfig
from onstage.data.rules import facts, faults
from onstage.data.tables import write_table
from onstage.errors import ContractError


INTERACTIONS = "interactions"


@dataclass(frozen=True)
class Arrival:
    """One table as it arrived, columns settled.

    Attributes
    ----------
    table
        Without derived columns.
    frame
        With them, and without the columns of the wrong type: what row rules look at.
    wrong
        Columns of the wrong type.
    usable
        Whether it meets its contract, so that its sound rows may be written.
    """

    table: pd.DataFrame
    frame: pd.DataFrame
    wrong: Mapping[str, str]
    usable: bool


def validate(
    tables: Path,
    out: Path,
    config: ValidationConfig,
    clock: Clock,
    *,
    baseline: BatchProfile | None,
    now: int | None = None,
) -> ValidationReport:
    """Validate the canonical tables in a folder.

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
    arrivals = _arrivals(tables, limits)
    engine = Engine()
    outcomes, skipped = _examine(engine, arrivals, limits)
    sortings = {
        name: sort_out(a.table, faults(name, a.frame, limits))
        for name, a in arrivals.items()
        if a.usable
    }
    outcomes += _examine_accepted(engine, arrivals, sortings, outcomes, limits)
    accepted = {name: compact(sorting.sound) for name, sorting in sortings.items()}
    profile = _profile(accepted, clock)
    compared = profile is not None and baseline is not None
    changed = (
        changes(accepted[INTERACTIONS], profile, baseline, config.change_noise)
        if profile is not None and baseline is not None
        else None
    )
    found, left_out = _examine_batch(engine, sortings, measure(sortings, changed), limits)
    outcomes += found
    skipped += [explained(s, compared=compared) for s in left_out]
    report = _report(arrivals, sortings, outcomes, skipped)
    _write(out, accepted, sortings, profile)
    engine.write_docs(out / "data_docs")
    (out / report.page).write_text(render(report, outcomes), encoding="utf-8")
    (out / "validation.json").write_text(report.model_dump_json(indent=1), encoding="utf-8")
    return report


def _arrivals(folder: Path, limits: Limits) -> dict[str, Arrival]:
    raw = {name: _read(folder / f"{name}.parquet") for name in TABLES}
    raw[INTERACTIONS] = pd.DataFrame() if raw[INTERACTIONS] is None else raw[INTERACTIONS]
    done = {n: settled(table, limits.clock) for n, table in raw.items() if table is not None}
    plain = {name: table.drop(columns=list(wrong)) for name, (table, wrong) in done.items()}
    derived = facts(plain[INTERACTIONS], plain.get("windows"), limits)
    plain[INTERACTIONS] = plain[INTERACTIONS].assign(**derived)
    return {
        name: Arrival(table, plain[name], wrong, _usable(name, table))
        for name, (table, wrong) in done.items()
    }


def _read(path: Path) -> pd.DataFrame | None:
    """Read a table whose contract may be broken: that is for the suites to say."""
    if not path.exists():
        return None
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{path.name}: not a Parquet file ({error}); make the step that wrote it again"
        raise ContractError(message) from error
    whole = {pa.int64(): pd.Int64Dtype()}  # floats would round large identifiers
    return compact(table.to_pandas(types_mapper=whole.get, ignore_metadata=True))


def _usable(name: str, table: pd.DataFrame) -> bool:
    try:
        TABLES[name].check(table)
    except ContractError:
        return False
    return True


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
    """Run what concerns rows again on what is left of each table that had bad rows."""
    outcomes: list[Outcome] = []
    for name, sorting in sortings.items():
        failed = {o.check for o in before if o.table == name and not o.success}
        full = _suite(name, arrivals, limits)
        rows = [
            e
            for e in full.expectations
            if e["meta"]["scope"] == "rows"
            and e["severity"] == "critical"
            and (sorting.bad.any() or e["meta"]["check"] in failed)
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


def _write(
    out: Path,
    accepted: Mapping[str, pd.DataFrame],
    sortings: Mapping[str, Sorting],
    profile: BatchProfile | None,
) -> None:
    for name, table in accepted.items():
        write_table(table, out, name)
    quarantine(sortings).to_parquet(out / "quarantine.parquet", index=False, compression="zstd")
    if profile is not None:
        (out / "profile.json").write_text(profile.model_dump_json(indent=1), encoding="utf-8")
