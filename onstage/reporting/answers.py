"""What a model answers about one item or one user, as text for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from onstage.data.titles import Match


Answer = Mapping[str, Any]
"""What :mod:`onstage.pipeline.asking` gives, which is what ``--json`` prints."""


def similar_text(answer: Answer) -> str:
    """Say "Because you watched", and what is like it."""
    head = f"Because you watched {_name(answer['item'])} … (by {answer['model']})"
    return "\n".join([head, *_rows(answer["similar"], "score")])


def explained_text(answer: Answer) -> str:
    """A score, and what it is made of."""
    head = (
        f"{_name(answer['item'])} scores {answer['score']:.6f} for user {answer['user']} "
        f"by {answer['model']} (the model's own score: {answer['model_score']:.6f}), because of"
    )
    lines = [head, *_rows(answer["because"], "contribution", signed=True)]
    others = answer["others"]
    if others["items"]:
        lines.append(f"{others['contribution']:+9.4f}  {others['items']} other items")
    return "\n".join(lines)


def suggested_text(answer: Answer) -> str:
    """What a user liked most and least, and what is recommended."""
    lines = []
    if answer["most_liked"]:
        lines = [f"User {answer['user']} liked most", *_rows(answer["most_liked"], "weight")]
    if answer["least_liked"]:
        lines += ["and least", *_rows(answer["least_liked"], "weight")]
    known = f"{answer['model']} recommends" if not answer["fallback"] else "what is popular"
    unknown = f"User {answer['user']} is unknown to {answer['model']}: " * answer["fallback"]
    scale = ", scores scaled to 0-1" * (answer["scale"] == "unit")
    lines.append(f"{unknown}{known} at {answer['at']}{scale}")
    return "\n".join([*lines, *_rows(answer["recommended"], "score")])


def matches_text(matches: Sequence[Match]) -> str:
    """Titles that may be meant, with how like they are."""
    return "\n".join(f"{one.score:9.1f}  {one.title or ''} [{one.item}]" for one in matches)


def _called(model: str, algorithm: str) -> str:
    """A recipe given as JSON by its algorithm."""
    return f"{algorithm}, as given" if model.lstrip().startswith("{") else model


def _rows(items: Sequence[Answer], number: str, *, signed: bool = False) -> list[str]:
    sign = "+" if signed else ""
    return [f"{one[number]:{sign}9.4f}  {_name(one)}" for one in items]


def _name(item: Answer) -> str:
    return f"{item['title']} [{item['item']}]" if item["title"] else str(item["item"])


def masked_text(answer: Answer) -> str:
    """AUC of a model beside popularity."""
    head = (
        f"{100 * answer['share']:g} % of pairs hidden: {answer['pairs']:,} pairs of "
        f"{answer['users']:,} users; AUC per user, mean [95 % interval]"
    )
    names = {
        "model": _called(str(answer["model"]), str(answer["algorithm"])),
        "popularity": "popularity of the pairs not hidden",
        "popularity_of_all_pairs": "popularity of all pairs, the hidden included",
        "gain_over_popularity": "gain over the first popularity",
        "gain_over_popularity_of_all_pairs": "gain over the second popularity",
    }
    width = max(map(len, names.values()))
    lines = []
    for row in answer["auc"]:
        sign = "+" if row["name"].startswith("gain") else ""
        low, high = f"{row['low']:{sign}.4f}", f"{row['high']:{sign}.4f}"
        lines.append(f"{names[row['name']]:{width}}  {row['value']:{sign}8.4f} [{low}, {high}]")
    return "\n".join([head, *lines])
