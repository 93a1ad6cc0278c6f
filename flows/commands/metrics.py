"""`onstage metrics`."""

import click

from flows.commands.options import answer, json_option


@click.command(name="metrics")
@click.argument("key", required=False)
@json_option
def command(key: str | None, *, as_json: bool) -> None:
    """Print what every metric's key stands for, or the whole convention of KEY.

    KEY is as on the leaderboard, e.g. ndcg_at_10, or ndcg_at_k. --json prints a list of objects
    with the keys key, name, family (relevance or lists), formula, divisor, gain, ties, empty,
    span, better, source, average (mean, sum or ratio) and beware. docs/glossary.md is the same.
    """
    from dataclasses import asdict

    from onstage.metrics.catalog import METRICS, described

    if key is not None:
        metric = described(key)
        parts = [f"{label}: {text}" for label, text in metric.lines()]
        text = "\n".join([f"{metric.key}: {metric.name}", *(f"  {part}" for part in parts)])
        answer([asdict(metric)], text, as_json=as_json)
        return
    rows = (f"{m.key:<24} {m.better:<8} {m.average:<6} {m.formula}" for m in METRICS.values())
    head = f"{'key':<24} {'better':<8} {'events':<6} formula"
    answer([asdict(m) for m in METRICS.values()], "\n".join([head, *rows]), as_json=as_json)
