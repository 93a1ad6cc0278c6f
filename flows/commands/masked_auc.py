"""`onstage masked-auc`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="masked-auc")
@config_argument
@click.option("--model", default="als", show_default=True, help="As for `onstage similar`.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Share of (user, item) pairs to hide.",
)
@json_option
def command(config: Path, model: str, share: float, *, as_json: bool) -> None:
    """Hide a share of pairs at random; say how well a model and popularity rank them.

    AUC of each user who has a hidden pair, over the items that the user has not in training, ties
    counted half; the mean over users with 95 % intervals. Random pairs let a model see the future:
    this is for comparison with published figures; the leaderboard's protocols are in
    docs/evaluation.md. Popularity is counted twice: on what was not hidden, and on all pairs, as
    the published notebook does, which has seen the answers.

    \b
    Example:  onstage masked-auc configs/movielens.yaml --model als
    """
    from flows.running import orchestrated

    with orchestrated(config):
        from flows.masked_auc import masked_auc

        made = masked_auc(str(config), model, share)
    from onstage.pipeline.masking import read_masked, summary
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.answers import masked_text

    workspace = Workspace.open(config)
    rows = summary(read_masked(workspace, made), workspace.config.seed)
    value = {"model": model, "share": share, **made.counts, "auc": rows}
    answer(value, masked_text(value), as_json=as_json)
