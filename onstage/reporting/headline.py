"""What happened, in one sentence, and who leads by how much, in another."""

import math
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from onstage.reporting.boards import Board
from onstage.reporting.formats import count, probability, signed, words
from onstage.reporting.report import PromotionSummary, Report


CHAMPION: Final = "champion"
"""Opponent in :data:`onstage.reporting.report.GAINS` that is the champion before the decision."""


def headline(promotion: PromotionSummary) -> str:
    """Say what was decided and why, by how much."""
    name, metric = _named(promotion.model, promotion.version), words(promotion.metric)
    holder = _named(promotion.champion, promotion.champion_version)
    opponents = promotion.differences
    match promotion.verdict:
        case "promoted" if CHAMPION in opponents:
            gain, n = opponents[CHAMPION]
            return (
                f"Promoted: {name} is the new champion, {metric} {signed(gain)} against the one "
                f"before on the same {count(n)} events."
            )
        case "first" if opponents:
            rival = min(opponents, key=lambda opponent: opponents[opponent][0].value)
            gain, n = opponents[rival]
            return (
                f"{name} is the first champion: {metric} {signed(gain)} against {rival}, the "
                f"strongest baseline, on the same {count(n)} events."
            )
        case "refreshed":
            return f"{name} takes over: the champion's own recipe, fitted on newer data."
        case "kept" if promotion.champion_version and promotion.reasons:
            return f"Nothing changed: champion {holder} stays; {_because(promotion)}."
        case "kept" if promotion.reasons:
            return f"There is no champion yet: {_because(promotion)}."
        case _:
            return f"{promotion.sentence[:1].upper()}{promotion.sentence[1:]}."


def lead(report: Report, board: Board) -> str:
    """Say who leads one protocol, and whether the next model is worse beyond doubt."""
    known = [line for line in board.first.lines if not math.isnan(line.cells[0].value)]
    metric, group = words(report.primary), board.first.group
    where = f"under {board.protocol}" + ("" if group == "all" else f", events {group}")
    if not known:
        return f"No model has a value of {metric} {where}."
    first = known[0]
    told = f"{first.model} leads {where}: {metric} {replace(first.cells[0], spread=math.nan)}"
    events = f"on {count(board.first.n)} events"
    if len(known) == 1:
        return f"{told} {events}; it is the only model."
    second = known[1]
    behind = first.cells[0].value - second.cells[0].value
    pairs = report.pairs.get((board.protocol, group))
    if pairs is None or (found := _pair(pairs, first.model, second.model)) is None:
        return f"{told} {events}; {second.model} is next, {behind:.4f} behind."
    sure = "a difference" if found["p_holm"] < report.level else "no certain difference"
    return (
        f"{told} {events}; {second.model} is next, {behind:.4f} behind: {sure} "
        f"({probability(found['p_holm'])} after Holm's correction for {_pairs(len(pairs))})."
    )


def _because(promotion: PromotionSummary) -> str:
    first, *more = promotion.reasons
    others = f" ({len(more)} more below)" if more else ""
    return f"{first.replace('_at_', '@')}{others}"


def _named(model: str, version: str) -> str:
    label = f"v{version}" if version else ""
    return f"{model} ({label})" if model and label else model or label or "the challenger"


def _pairs(number: int) -> str:
    return "1 pair" if number == 1 else f"{number} pairs"


def _pair(pairs: pd.DataFrame, one: str, other: str) -> "pd.Series[Any] | None":
    """The row about two models, whichever comes first."""
    both = pairs[["a", "b"]].isin([one, other]).all(axis=1)
    return pairs[both].iloc[0] if both.any() else None
