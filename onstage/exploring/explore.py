"""All that is shown of a log, in the order in which it is shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from onstage.columns import Columns
from onstage.data.sources.config import DataConfig
from onstage.data.sources.survey import Survey
from onstage.exploring.activity import activity
from onstage.exploring.boxes import boxes
from onstage.exploring.correlations import correlations
from onstage.exploring.counts import per_item, per_user, streams_per_item
from onstage.exploring.events import events
from onstage.exploring.exhibit import Absent, Chapter, Exhibit
from onstage.exploring.lengths import lengths
from onstage.exploring.missing import missing
from onstage.exploring.overview import overview
from onstage.exploring.refinement import refinement
from onstage.exploring.repeats import repeats
from onstage.exploring.scatters import scatters
from onstage.exploring.tables import COMMENTS, ENGAGEMENT, LIKES, Tables
from onstage.exploring.tail import tail
from onstage.exploring.watched import watched
from onstage.exploring.weekdays import weekdays
from onstage.exploring.weights import weights


LEADING: Final = (Columns.DURATION, ENGAGEMENT, "diamonds", "total_viewer")
"""Numbers of streams that are drawn first, as far as a source has them."""
DRAWN: Final = 4
"""Most numbers of streams that are drawn against one another."""

Part = Exhibit | Absent


@dataclass(frozen=True)
class Provenance:
    """Where the accepted log comes from.

    Attributes
    ----------
    survey
        Of the raw sources.
    ingested, accepted
        Rows of the log after ingest, and after validation.
    set_aside
        Reason to rows of the log in quarantine.
    """

    survey: Survey
    ingested: int
    accepted: int
    set_aside: Mapping[str, int] = field(default_factory=dict)


def chapters(
    tables: Tables,
    data: DataConfig,
    provenance: Provenance,
    told: Callable[[str], object] = lambda _: None,
) -> tuple[Chapter, ...]:
    """Compute everything that the columns allow.

    Parameters
    ----------
    told
        Called with the name of each chapter before it is computed.
    """
    makers: dict[str, Callable[[], Iterator[Part]]] = {
        "The log": lambda: _log(tables),
        "Raw data": lambda: _raw(tables, data, provenance),
        "Watching": lambda: _watching(tables),
        "Streams": lambda: _streams(tables),
        "Users with items": lambda: _relations(tables),
    }
    made = []
    for title, maker in makers.items():
        told(title)
        made.append(Chapter(title, tuple(maker())))
    return tuple(made)


def _log(tables: Tables) -> Iterator[Part]:
    yield overview(tables)
    yield activity(tables)
    yield per_user(tables)
    yield per_item(tables)
    yield streams_per_item(tables)
    yield tail(tables)
    yield repeats(tables)


def _raw(tables: Tables, data: DataConfig, provenance: Provenance) -> Iterator[Part]:
    for one in provenance.survey.tables:
        yield missing(one)
    read = provenance.survey.table("interactions")
    if read is not None:
        yield refinement(
            read,
            data.interactions,
            provenance.ingested,
            provenance.accepted,
            provenance.set_aside,
        )
    yield events(tables, data.interactions.events)
    yield weights(tables)


def _watching(tables: Tables) -> Iterator[Part]:
    yield lengths(tables)
    yield watched(tables)
    yield weekdays(tables)


def _streams(tables: Tables) -> Iterator[Part]:
    numbers = tables.numbers.get("streams", ())
    if ENGAGEMENT not in numbers:
        lacking = [name for name in (LIKES, COMMENTS) if name not in numbers]
        why = f"{ENGAGEMENT} is the sum of {LIKES} and {COMMENTS}"
        yield Absent(ENGAGEMENT, ENGAGEMENT, tuple(f"windows.{n}" for n in lacking), why)
    if "diamonds" not in numbers:
        yield Absent(
            "boxes_diamonds", "diamonds by weekday", ("windows.diamonds",), "no stream has any"
        )
    related = correlations(tables, "streams", "stream_correlations", "Correlations of streams")
    if related is None:
        why = "streams have no two numbers that could be compared"
        needed = (f"windows.{Columns.DURATION}", *(f"windows.{name}" for name in LEADING[2:]))
        yield Absent("stream_correlations", "Correlations of streams", needed, why)
        return
    usable = list(related.table.columns)
    leading = [name for name in LEADING if name in usable]
    rest = [n for n in usable if n not in {*leading, LIKES, COMMENTS}]
    chosen = [*leading, *rest][:DRAWN]
    if tables.calendar:
        shown = [name for name in chosen if name not in {Columns.DURATION, "total_viewer"}]
        for name in shown[:2] or chosen[:2]:
            made = boxes(tables, name)
            if made is not None:
                yield made
    else:
        why = "the log counts steps, which have no weekday"
        yield Absent("boxes", "Numbers of streams by weekday", ("windows.starts",), why)
    pairs = [(LIKES, COMMENTS)] if {LIKES, COMMENTS} <= set(usable) else []
    pairs += list(combinations(chosen, 2))
    words = ("stream_scatters", "Streams, number against number")
    yield scatters(tables, "streams", pairs, related, words)
    yield related


def _relations(tables: Tables) -> Iterator[Part]:
    title = "Correlations of relations"
    related = correlations(tables, "relations", "relation_correlations", title)
    if related is None:
        there = tables.has("relations")
        why = "the relations have no two numbers" if there else "there is no table of relations"
        needed = ("relations.view_count", "relations.comment_count", "relations.coin_count")
        yield Absent("relation_correlations", title, needed, why)
        return
    names = list(related.table.columns)[: DRAWN - 1]
    words = ("relation_scatters", "Relations, number against number")
    yield scatters(tables, "relations", list(combinations(names, 2)), related, words)
    yield related
