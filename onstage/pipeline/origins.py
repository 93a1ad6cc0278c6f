"""Rolling origins: the log as it stood at the beginning of each of its newest test parts."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from onstage.data.clock import Clock
from onstage.data.earlier import earlier
from onstage.data.store import Reference
from onstage.data.tables import read_table, table_names, write_table
from onstage.errors import ConfigError, SplitError
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.workspace import Counts, Workspace
from onstage.splitting.build import cut_of


ORIGIN_VERSION: Final = "1"
LEAST: Final = 2
"""One origin is an ordinary backtest."""


class Origin(BaseModel):
    """One backtest of several: what was known, and which part of the log is asked.

    The log ends where the test part of the next newer origin begins, so no two origins ask about
    the same instant, and none has a row of a later one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    number: int
    """0 is the newest, the test part of the whole log."""
    log: Reference
    """The accepted log as it stood then."""
    starts: int
    """First tick of the test part."""
    ends: int
    """First tick after it."""
    rows: int
    """Interactions of the log as it stood then, its test part among them."""
    train_rows: int
    """Interactions that models are fitted on."""
    events: int
    """Events asked."""


def origins_of(workspace: Workspace, validated: Reference, count: int) -> list[Origin]:
    """Move the test part back by whole parts, `count` times in all; the newest first.

    Parameters
    ----------
    count
        How many origins, at least 2.

    Raises
    ------
    ConfigError
        If `count` is less than 2, or the primary protocol is a random split.
    SplitError
        If the log is too short for so many.
    """
    primary = workspace.config.primary
    if count < LEAST:
        message = f"origins: {count} is no rolling backtest; ask for at least {LEAST}"
        raise ConfigError(message)
    if primary.split == "random":
        message = (
            f"origins: the primary protocol {primary.name} is a random split, which has no earlier "
            "one; put a temporal or live protocol first in protocols"
        )
        raise ConfigError(message)
    found: list[Origin] = []
    log = validated
    while True:
        try:
            found.append(_origin(workspace, len(found), log))
        except SplitError as error:
            raise _too_short(found, count, error, workspace.config.clock) from error
        if len(found) == count:
            return found
        log = log_until(workspace, validated, found[-1].starts)


def log_until(workspace: Workspace, validated: Reference, until: int) -> Reference:
    """The accepted log as it stood at `until`, as an artefact of its own.

    See :func:`onstage.data.earlier.earlier`. Items are the whole catalogue's, which does not say
    since when it has them; who occurs in later rows only is not in the vocabulary.
    """
    clock = workspace.config.clock

    def build(folder: Path) -> Counts:
        source = accepted_log(workspace, validated).folder
        rows = {}
        for name in table_names(source):
            table = read_table(source, name)
            if table is not None:
                rows[name] = write_table(earlier(table, name, clock, until), folder, name)
        return {"rows": rows.get("interactions", 0), "until": until}

    return workspace.step(
        "origin", ORIGIN_VERSION, {"log": validated}, {"until": until, "clock": clock}, build
    )


def _origin(workspace: Workspace, number: int, reference: Reference) -> Origin:
    log, primary = accepted_log(workspace, reference), workspace.config.primary
    data = log.dataset
    if len(data) == 0:
        message = "the log has no rows before it"
        raise SplitError(message)
    exam = log.exam(primary).test
    stop = data.time if data.ends is None else data.ends
    return Origin(
        number=number,
        log=reference,
        starts=cut_of(primary, data),
        ends=int(max(data.time[-1], stop.max())) + (data.ends is None),
        rows=len(data),
        train_rows=len(exam.train),
        events=len(exam),
    )


def _too_short(found: list[Origin], count: int, error: SplitError, clock: Clock) -> SplitError:
    number = len(found)
    if number == 0:
        return error
    least = f"--origins {number}" if number >= LEAST else "an ordinary backtest"
    return SplitError(
        f"origins: the log is too short for {count} origins: origin {number} would end at "
        f"{clock.render(found[-1].starts)} ({error}); ask for {least}, or shorten the test part"
    )
