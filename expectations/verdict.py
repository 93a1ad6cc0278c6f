"""The verdict on a batch: what the suites say of what arrived, and of what is left of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from expectations.arrivals import INTERACTIONS, Batch
from expectations.engine import Engine, Outcome
from expectations.examination import Examined, examine, together
from expectations.measurements import batch_parameters, explained, measure, tell
from expectations.quarantine import Sorting
from expectations.report import FAILED, SkippedCheck, ValidationReport, failed_checks
from expectations.suites import Skipped, suite_for
from onstage.data.kinds import compact
from onstage.data.profile import Activity, BatchProfile, Changes, changes
from onstage.data.quality import Limits
from onstage.data.tables import ROW_GROUP, table_names, write_batches, write_table
from onstage.settings import load_settings


@dataclass(frozen=True)
class Verdict:
    """A judged batch: the report, and what is written of it."""

    report: ValidationReport
    outcomes: list[Outcome]
    sortings: Mapping[str, Sorting]
    profile: BatchProfile | None


def judge(engine: Engine, batch: Batch, out: Path, baseline: BatchProfile | None) -> Verdict:
    """Run the suites on what arrived, set bad rows aside, and hold the rest against `baseline`.

    Great Expectations decides: the suites run on everything that arrived; what concerns rows runs
    again on what is left of a table that had bad rows, and must hold there; the batch as a whole
    is one row of measurements with a suite of its own.

    Parameters
    ----------
    out
        Existing folder that gets the sound rows of every usable table.
    """
    examined, activities = _examine(engine, batch, out)
    sortings = {name: one.sorting for name, one in examined.items() if one.sorting is not None}
    outcomes = [o for one in examined.values() for o in one.incoming]
    outcomes += [o for one in examined.values() for o in one.accepted]
    profile, changed = _compare(activities, out, batch.limits, baseline)
    found, left_out = _examine_batch(engine, sortings, measure(sortings, changed), batch.limits)
    skipped = [s for one in examined.values() for s in one.skipped]
    skipped += [explained(s) for s in left_out]
    report = _report(examined, sortings, outcomes + found, skipped)
    return Verdict(report, outcomes + found, sortings, profile)


def _examine(engine: Engine, batch: Batch, out: Path) -> tuple[dict[str, Examined], list[Activity]]:
    """Examine each table and write what is sound of it; who acted when, in the sound rows."""
    parts: list[Examined] = []
    activities: list[Activity] = []
    types = pd.DataFrame()
    silent = None if load_settings().progress and batch.parts > 1 else True
    with tqdm(total=batch.parts, desc="validate", unit="part", leave=False, disable=silent) as bar:
        for arrival in batch.interactions(out):
            types = arrival.table.iloc[:0].copy()  # a view would keep the part
            part = f"-{len(parts) + 1}-of-{batch.parts}" if batch.parts > 1 else ""
            parts.append(examine(engine, INTERACTIONS, arrival, types, batch.limits, part))
            if parts[-1].sorting is not None:
                sound = compact(parts[-1].sorting.sound(arrival.table))
                activities.append(Activity.of(sound, batch.limits.clock))
                if batch.parts == 1:
                    write_table(sound, out, INTERACTIONS)
                del sound
            del arrival  # before the next one is read
            bar.update()
    log = together(parts)
    if log.sorting is not None and batch.parts > 1:
        _write_streamed(batch.folder / f"{INTERACTIONS}.parquet", log.sorting, out)
    examined = {INTERACTIONS: log}
    for name, arrival in batch.others.items():
        examined[name] = examine(engine, name, arrival, types, batch.limits)
        sorting = examined[name].sorting
        if sorting is not None:
            write_table(compact(sorting.sound(arrival.table)), out, name)
    return examined, activities


def _write_streamed(path: Path, sorting: Sorting, out: Path) -> None:
    """Write the sound interactions without ever holding all of them."""
    file, good = pq.ParquetFile(path), pa.array(~sorting.bad)

    def sound() -> Iterator[pa.RecordBatch]:
        at = 0
        for rows in file.iter_batches(ROW_GROUP):
            yield rows.filter(good.slice(at, len(rows)))
            at += len(rows)

    write_batches(file.schema_arrow, sound(), out, INTERACTIONS)


def _compare(
    parts: list[Activity], out: Path, limits: Limits, baseline: BatchProfile | None
) -> tuple[BatchProfile | None, Changes | None]:
    """Profile of the accepted batch, and how it differs from the last one."""
    names = {name: pq.read_schema(out / f"{name}.parquet").names for name in table_names(out)}
    columns = {name: tuple(sorted(found)) for name, found in names.items()}
    if INTERACTIONS not in names:
        return None, None
    profile = BatchProfile.of_parts(parts, limits.clock, columns)
    if baseline is None:
        return profile, None
    return profile, changes(parts, profile, baseline, noise=limits.config.change_noise)


def _examine_batch(
    engine: Engine, sortings: Mapping[str, Sorting], measured: pd.DataFrame, limits: Limits
) -> tuple[list[Outcome], tuple[Skipped, ...]]:
    suite = suite_for("batch", measured.columns, batch_parameters(limits))
    outcomes = engine.run(suite, measured, "incoming") if suite.expectations else []
    return [tell(outcome, measured, sortings) for outcome in outcomes], suite.skipped


def _report(
    examined: Mapping[str, Examined],
    sortings: Mapping[str, Sorting],
    outcomes: list[Outcome],
    skipped: list[Skipped],
) -> ValidationReport:
    failed = failed_checks(outcomes)
    return ValidationReport(
        passed=not any(check.refuses for check in failed),
        incoming={name: one.rows for name, one in examined.items()},
        accepted={name: s.rows - len(s.aside) for name, s in sortings.items()},
        quarantined={name: s.counts for name, s in sortings.items() if s.counts},
        checks=len(outcomes),
        failures=len(failed),
        failed=tuple(failed[:FAILED]),
        skipped=tuple(SkippedCheck(table=s.table, check=s.check, why=s.why) for s in skipped),
    )
