"""What the suites say of one table, and which of its rows are set aside."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from expectations.arrivals import Arrival
from expectations.engine import EXAMPLES, Engine, Outcome
from expectations.measurements import table_parameters
from expectations.quarantine import Sorting, joined, sort_out
from expectations.suites import Skipped, Suite, suite_for, used_columns
from onstage.data.quality import Limits
from onstage.data.rules import faults


@dataclass(frozen=True)
class Examined:
    """A table, or a part of it, that the suites have looked at.

    Attributes
    ----------
    incoming, accepted
        What they found of all that arrived, and again of what is left of it.
    skipped
        Expectations that were left out.
    rows
        That arrived.
    sorting
        None where the table cannot be used.
    numbers : ndarray of int64
        Of the bad rows in the table.
    """

    incoming: list[Outcome]
    accepted: list[Outcome]
    skipped: tuple[Skipped, ...]
    rows: int
    sorting: Sorting | None
    numbers: NDArray[np.int64]


def examine(
    engine: Engine,
    name: str,
    arrival: Arrival,
    interactions: pd.DataFrame,
    limits: Limits,
    part: str = "",
) -> Examined:
    """Run the suite of a table on what arrived, set bad rows aside, and look at the rest again.

    Parameters
    ----------
    interactions
        For the types of their columns; rows do not matter.
    part
        Names a part in Data Docs.
    """
    suite = suite_for(
        name,
        {*arrival.table.columns, *arrival.frame.columns},
        table_parameters(name, arrival.table, interactions, limits),
        wrong=arrival.wrong,
        empty=arrival.table.empty,
    )
    frame = arrival.frame.assign(**{c: arrival.table[c] for c in arrival.wrong})
    incoming = engine.run(suite, _narrow(suite, frame), "incoming", part)
    rows, nothing = len(arrival.table), np.empty(0, dtype=np.int64)
    if not arrival.usable:
        return Examined(incoming, [], suite.skipped, rows, None, nothing)
    sorting = sort_out(name, arrival.table, faults(name, arrival.frame, limits))
    bad = sorting.aside["row"].to_numpy()
    numbers = bad if arrival.numbers is None else arrival.numbers[bad]
    again = _again(suite, incoming)
    accepted = []
    if again.expectations:
        left = _narrow(again, arrival.frame)[~sorting.bad].reset_index(drop=True)
        accepted = engine.run(again, left, "accepted", part)
    return Examined(incoming, accepted, suite.skipped, rows, sorting, numbers)


def together(parts: Sequence[Examined]) -> Examined:
    """What was found of a table from what was found of its parts, which divide no user."""
    first = parts[0]
    if len(parts) == 1:
        return first
    sortings = [part.sorting for part in parts if part.sorting is not None]
    whole = len(sortings) == len(parts)
    checks = [outcome.check for outcome in first.incoming]
    return Examined(
        _merged([outcome for part in parts for outcome in part.incoming], checks),
        _merged([outcome for part in parts for outcome in part.accepted], checks),
        first.skipped,
        sum(part.rows for part in parts),
        joined(sortings, [part.numbers for part in parts]) if whole else None,
        np.concatenate([part.numbers for part in parts]),
    )


def _again(suite: Suite, before: Sequence[Outcome]) -> Suite:
    """What failed about rows: it must hold of what is left of them.

    What held for all rows holds for some of them, unless it asks for a share of the rows.
    """
    failed = {outcome.check for outcome in before if not outcome.success}
    rows = tuple(
        e
        for e in suite.expectations
        if e["meta"]["scope"] == "rows"
        and e["severity"] == "critical"
        and (e["meta"]["check"] in failed or "mostly" in e["kwargs"])
    )
    return replace(suite, expectations=rows, skipped=())


def _narrow(suite: Suite, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns that a suite looks at: Great Expectations hashes all it is given."""
    used = [column for column in used_columns(suite) if column in frame.columns]
    return frame[used]


def _merged(outcomes: Sequence[Outcome], checks: Sequence[str]) -> list[Outcome]:
    """One outcome a check, in the order of the checks."""
    found = {check: [o for o in outcomes if o.check == check] for check in checks}
    return [_one(same) for same in found.values() if same]


def _one(parts: list[Outcome]) -> Outcome:
    broken = [part for part in parts if not part.success]
    unexpected, examined = sum(p.unexpected for p in parts), sum(p.examined for p in parts)
    told = [part.observed for part in broken or parts if part.observed]
    return replace(
        parts[0],
        success=not broken,
        unexpected=unexpected,
        share=unexpected / examined if examined else 0.0,
        observed=", ".join(dict.fromkeys(told)),
        examples=tuple(text for part in parts for text in part.examples)[:EXAMPLES],
        rows=(),
        examined=examined,
    )
