"""What becomes of the raw rows on the way to the accepted log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from onstage.data.sources.config import InteractionSource
from onstage.data.sources.survey import TableSurvey
from onstage.exploring.exhibit import Exhibit, Sheet
from onstage.exploring.wording import count, counted, listed, percent


ACCEPTED: Final = "accepted by validation"


@dataclass(frozen=True, kw_only=True)
class Refinement(Exhibit):
    """Rows of the log after each step.

    Attributes
    ----------
    stages
        What was done to the number of rows left; the first is what was read.
    set_aside
        Reason to rows that validation put into quarantine.
    """

    key: str = "refinement"
    title: str = "From raw rows to the accepted log"
    stages: dict[str, int]
    set_aside: dict[str, int]

    @property
    @override
    def sentence(self) -> str:
        names, rows = list(self.stages), list(self.stages.values())
        text = f"{counted(rows[0], 'row')} were read and {count(rows[-1])} are accepted"
        if rows[0] == rows[-1]:
            return f"{text}: none is lost."
        lost = [
            f"{names[at]}: {count(rows[at - 1] - rows[at])} fewer"
            for at in range(1, len(rows))
            if rows[at] != rows[at - 1]
        ]
        return f"{text} ({percent(rows[-1] / rows[0])}); {'; '.join(lost)}."

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        first = max(next(iter(self.stages.values())), 1)
        rows = tuple((n, count(r), percent(r / first)) for n, r in self.stages.items())
        bars = tuple(r / first for r in self.stages.values())
        sheets = [Sheet("Rows left", ("after", "rows", "share"), rows, bars)]
        if self.set_aside:
            reasons = tuple((why, count(n)) for why, n in self.set_aside.items())
            sheets.append(Sheet("In quarantine", ("reason", "rows"), reasons))
        return tuple(sheets)


def refinement(
    read: TableSurvey,
    source: InteractionSource,
    ingested: int,
    accepted: int,
    set_aside: Mapping[str, int],
) -> Refinement:
    """Follow the rows of the log.

    Parameters
    ----------
    ingested, accepted
        Rows after ingest, and after validation.
    set_aside
        Reason to rows in quarantine; a row may have several.
    """
    stages = {"read": read.rows}
    if source.only:
        stages[f"rows of {listed(list(source.only))} kept"] = read.kept
    if source.events:
        known = sum(read.events.get(name, 0) for name, s in source.events.items() if s)
        stages["event types with a strength"] = known
    stages[_made(source)] = ingested
    stages[ACCEPTED] = accepted
    return Refinement(stages=stages, set_aside=dict(set_aside))


def _made(source: InteractionSource) -> str:
    """What the rest of ingest does to the number of rows."""
    done = []
    if source.duplicates == "drop":
        done.append("copies dropped")
    if source.sum_by:
        done.append(f"summed by {listed(source.sum_by)}")
    if source.min_weight is not None:
        done.append(f"weight of at least {source.min_weight:g}")
    return listed(done) if done else "ingested"
