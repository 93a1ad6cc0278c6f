"""A decision carried out: aliases moved, tags written, the audit told. Safe to do twice."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Literal

from onstage.errors import ConfigError, StaleError
from onstage.registry.audit import Audit, Entry, whoami
from onstage.registry.promotion import Decision
from onstage.registry.versions import DECIDED, DECISION, REASONS, Registry, Version


logger = logging.getLogger(__name__)

FILE: Final = "promotion/decision.json"
"""Where the run keeps the audit's entry."""
PAGE: Final = "promotion/decision.md"
"""The same for a person."""
_MOVES: Final = frozenset({"first", "promoted", "refreshed"})


def enact(
    registry: Registry, audit: Audit, name: str, decision: Decision, run_id: str | None = None
) -> Entry:
    """Carry out `decision` for the registered model `name`.

    The challenger's alias always moves to the challenger, the champion's only on ``promote``.
    Tags are written before the alias moves and the audit after: whatever a killed process left
    undone, :func:`reconcile` can tell from the tags. Processes that promote at the same time do so
    one after the other.

    Parameters
    ----------
    decision
        Its challenger must be registered.
    run_id
        Run that gets the reasons as tags, the entry as ``promotion/decision.json``, and the same
        to read as ``promotion/decision.md``.

    Raises
    ------
    ConfigError
        If the challenger has no version.
    StaleError
        If somebody else has become champion since `decision` was taken. Nothing has been changed.
    TrackingError, StoreError
        If the registry or the audit cannot be written. The champion is who it was, or the
        challenger; the next call writes down which.
    """
    version = decision.challenger.version
    if version is None:
        message = f"challenger {decision.challenger.name} has no version: register it first"
        raise ConfigError(message)
    with _alone(registry, audit):
        _reconcile(registry, audit, name)
        entry = Entry.of(name, decision, run_id=run_id)
        last = audit.last(name)
        if last is not None and _repeats(last, entry):
            return last
        _check_champion(registry, name, entry)
        registry.set_challenger(name, version)
        if version != entry.before:  # what made it champion stays written on it
            registry.annotate(name, version, decision, entry.time, run_id)
        if run_id is not None:
            value = json.dumps(entry.model_dump(mode="json"), indent=1, ensure_ascii=False)
            registry.log_text(run_id, value, FILE)
            registry.log_text(run_id, page(entry), PAGE)
        if decision.promote:
            registry.promote(name, version)
        audit.append(entry)
    logger.info("%s: %s", name, decision.sentence)
    return entry


@contextmanager
def _alone(registry: Registry, audit: Audit) -> Iterator[None]:
    with audit.alone(), registry.alone():
        yield


def _check_champion(registry: Registry, name: str, entry: Entry) -> None:
    """Refuse a decision about a champion who is none any more."""
    champion = registry.champion(name)
    held = None if champion is None else champion.version
    if held != entry.before:
        message = (
            f"{name}: decided against {_called(entry.before)}, but {_called(held)} is champion "
            "now; decide again"
        )
        raise StaleError(message)


def _called(version: str | None) -> str:
    return "nobody" if version is None else f"v{version}"


def page(entry: Entry) -> str:
    """Write an entry as Markdown: who, and every condition with its numbers."""
    moved = entry.before != entry.after
    change = f"{_called(entry.before)} → {_called(entry.after)}"
    champion = change if moved else _called(entry.after)
    lines = [
        f"# {entry.model}: {entry.action}",
        "",
        f"{entry.time:%Y-%m-%d %H:%M:%S} UTC, by {entry.who}",
        "",
        f"Challenger {_called(entry.challenger)}; champion {champion}.",
        "",
        *(f"- {reason}" for reason in entry.reasons),
        "",
        "| condition | passed | value | low | high | limit | events |",
        "| :-- | :-- | --: | --: | --: | --: | --: |",
    ]
    for one in entry.conditions:
        verdict = "not judged" if not one.judged else "yes" if one.passed else "**no**"
        numbers = (one.value, one.low, one.high, one.limit)
        shown = " | ".join("" if number is None else f"{number:.4f}" for number in numbers)
        lines.append(f"| {one.what} | {verdict} | {shown} | {one.n or ''} |")
    return "\n".join([*lines, ""])


def rollback(
    registry: Registry, audit: Audit, name: str, reason: str, *, version: str | None = None
) -> Entry:
    """Give the champion's alias back to the version before, or to `version`.

    Raises
    ------
    ConfigError
        If there is no champion or nothing to go back to.
    TrackingError
        If `version` does not exist.
    """
    with _alone(registry, audit):
        _reconcile(registry, audit, name)
        champion = registry.champion(name)
        target = registry.previous(name) if version is None else registry.get(name, version)
        if champion is None or target is None or target.version == champion.version:
            held = _called(None if champion is None else champion.version)
            message = (
                f"{name}: {held} is champion and there is no other version to go back to; name "
                "another with --version"
            )
            raise ConfigError(message)
        return _moved(registry, audit, champion, target, "rolled-back", reason)


def force(
    registry: Registry, audit: Audit, name: str, reason: str, *, version: str | None = None
) -> Entry:
    """Give the champion's alias to the challenger, or to `version`, whatever the evidence says.

    The audit has it as ``forced``, with the reason that a person gave.

    Raises
    ------
    ConfigError
        If there is no challenger, or it is champion already.
    TrackingError
        If `version` does not exist.
    """
    with _alone(registry, audit):
        _reconcile(registry, audit, name)
        champion = registry.champion(name)
        target = registry.challenger(name) if version is None else registry.get(name, version)
        if target is None:
            message = f"{name} has no challenger; `onstage promote` registers one"
            raise ConfigError(message)
        if champion is not None and champion.version == target.version:
            message = f"{name}: v{target.version} is champion already; name another with --version"
            raise ConfigError(message)
        return _moved(registry, audit, champion, target, "forced", reason)


def _moved(  # who, whom, how and why
    registry: Registry,
    audit: Audit,
    champion: Version | None,
    target: Version,
    action: Literal["rolled-back", "forced"],
    reason: str,
) -> Entry:
    """Move the alias by a person's will, and write it down."""
    registry.promote(target.name, target.version)
    entry = Entry(
        time=datetime.now(UTC),
        model=target.name,
        action=action,
        before=None if champion is None else champion.version,
        after=target.version,
        reasons=(reason,),
        who=whoami(),
    )
    audit.append(entry)
    return entry


def reconcile(registry: Registry, audit: Audit, name: str) -> Entry | None:
    """Write down a champion that the audit does not know of; None if there is none.

    A killed promotion is recognised by its tags and recorded as what it was; an alias that was
    moved by other means (MLflow's page, another machine) is recorded as ``observed``, now. The
    alias of the previous champion, which a promotion that broke off may have moved alone, is put
    back to whom the audit names.
    """
    with _alone(registry, audit):
        return _reconcile(registry, audit, name)


def _reconcile(registry: Registry, audit: Audit, name: str) -> Entry | None:
    champion = registry.champion(name)
    last = audit.last(name)
    known = None if last is None else last.after
    after = None if champion is None else champion.version
    if after == known:
        _mend_previous(registry, audit, name, after)
        return None
    entry = None if champion is None else _interrupted(champion, last)
    if entry is None:
        entry = Entry(
            time=datetime.now(UTC),
            model=name,
            action="observed",
            before=known,
            after=after,
            reasons=("the alias had been moved by other means",),
            who="unknown",
        )
    logger.warning("%s: champion is %s where the audit had %s", name, after, known)
    audit.append(entry)
    return entry


def _mend_previous(registry: Registry, audit: Audit, name: str, champion: str | None) -> None:
    """Undo a promotion that moved the previous champion's alias and broke off."""
    previous = registry.previous(name)
    if champion is None or previous is None or previous.version != champion:
        return
    moves = [entry for entry in audit.entries(name) if entry.before != entry.after]
    known = {version.version for version in registry.versions(name)}
    before = moves[-1].before if moves and moves[-1].before in known else None
    logger.warning("%s: a promotion broke off; previous is %s again", name, before)
    registry.set_previous(name, before)


def _interrupted(champion: Version, last: Entry | None) -> Entry | None:
    """The entry that a promotion would have written, had it not been killed."""
    tags = champion.tags
    if tags.get(DECISION) not in _MOVES or DECIDED not in tags:
        return None
    time = datetime.fromisoformat(tags[DECIDED])
    if last is not None and time <= last.time:
        return None
    return Entry.model_validate(
        {
            "time": time,
            "model": champion.name,
            "action": tags[DECISION],
            "challenger": champion.version,
            "before": None if last is None else last.after,
            "after": champion.version,
            "reasons": tuple(tags.get(REASONS, "").split("; ")),
            "who": whoami(),
            "run_id": champion.run_id,
        }
    )


def _repeats(last: Entry, entry: Entry) -> bool:
    """Whether the audit ends with the same decision of the same run."""
    return last == entry.model_copy(update={"time": last.time, "who": last.who})
