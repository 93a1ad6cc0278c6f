"""`onstage compare`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from flows.commands.options import answer, config_argument, json_option


if TYPE_CHECKING:
    from onstage.pipeline.comparing import Comparison


HEADS = (
    "better",
    "worse",
    "by",
    "interval",
    "p (Holm)",
    "effect d",
    "won",
    "lost",
    "events needed",
)


@click.command(name="compare")
@config_argument
@click.option("--protocol", help="e.g. live-C.  [default: the primary one]")
@click.option("--metric", help="e.g. hr_at_1.  [default: promotion.metric of mlflow.yaml]")
@click.option("--group", help="all, repeat, unseen …  [default: promotion.group]")
@click.option(
    "--by", type=click.Choice(["user", "day"]), default="user", show_default=True,
    help="What the bootstrap resamples.",
)  # fmt: skip
@click.option(
    "--margin", type=click.FloatRange(min=0, min_open=True),
    help="Difference that \"events needed\" is about.  [default: each pair's own]",
)  # fmt: skip
@json_option
def command(
    config: Path,
    *,
    protocol: str | None,
    metric: str | None,
    group: str | None,
    by: Literal["user", "day"],
    margin: float | None,
    as_json: bool,
) -> None:
    """Compare all models of CONFIG's newest retrain pair by pair, on the same events.

    Paired bootstrap with Holm's correction for the number of pairs. Models that share a letter do
    not differ significantly. "events needed": how many would show the difference with a chance of
    80 %. Nothing is fitted again: the per-event tables were kept.

    \b
      onstage compare configs/twitch105k.yaml
      onstage compare configs/twitch105k.yaml --group unseen --by day
    """
    from onstage.pipeline.comparing import compared
    from onstage.pipeline.workspace import Workspace

    found = compared(
        Workspace.open(config), protocol=protocol, metric=metric, group=group, by=by, margin=margin
    )
    value = {
        "protocol": found.protocol,
        "metric": found.metric,
        "group": found.group,
        "by": found.by,
        "pairs": found.pairs.to_dict(orient="records"),
    }
    answer(value, _text(found), as_json=as_json)


def _text(found: "Comparison") -> str:
    import pandas as pd

    from onstage.evaluation.pairwise import letters
    from onstage.reporting.tables import text_table

    pairs = found.pairs
    table = text_table(
        pd.DataFrame(
            {
                "better": pairs["a"],
                "worse": pairs["b"],
                "by": pairs["mean"].map("{:+.4f}".format),
                "interval": [f"[{p.low:+.4f}, {p.high:+.4f}]" for p in pairs.itertuples()],
                "p (Holm)": pairs["p_holm"].map("{:.4f}".format),
                "effect d": pairs["effect"].map("{:.2f}".format),
                "won": pairs["wins"].map("{:.0%}".format),
                "lost": pairs["losses"].map("{:.0%}".format),
                "events needed": pairs["events_needed"].map(_number),
            }
        )
    )
    what = f"{found.metric} under {found.protocol}, {found.group}"
    head = f"{what}: {pairs['n_events'][0]:,} events, {pairs['n_units'][0]:,} {found.by}s resampled"
    shared = ", ".join(f"{name} {letter}" for name, letter in letters(pairs).items())
    return f"{head}\n{table}\n\nletters (shared: no significant difference): {shared}"


def _number(events: float) -> str:
    return "-" if math.isinf(events) else f"{events:,.0f}"
