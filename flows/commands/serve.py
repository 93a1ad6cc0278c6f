"""`onstage serve`."""

import logging
import os
from pathlib import Path

import click

from flows.commands.options import config_argument


logger = logging.getLogger(__name__)

BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@click.command(name="serve")
@config_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port; 0: any free one, which is printed.",
)
@click.option(
    "--at",
    help="Instant of requests that name none: `now`, `last`, or an instant.  [default: "
    "recommend.at of CONFIG]",
)
@click.option("--keep", is_flag=True, help="Keep what is posted in ONSTAGE_HOME, over restarts.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Requests answered at once.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Seconds after which a request is given up.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Requests a second that one client may ask; more are refused.  [default: no limit]",
)
@click.option(
    "--poll",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    help="Seconds between two looks at the registry.",
)
def command(
    config: Path,
    host: str,
    port: int,
    at: str | None,
    *,
    keep: bool,
    threads: int,
    timeout: float,
    rate: float | None,
    poll: float,
) -> None:
    """Answer over HTTP with @champion of CONFIG's data set, until Ctrl-C.

    Lists, similar items, reasons; who is live and new interactions can be posted and count at
    once. When @champion moves, the new one is loaded beside the old one and takes over between two
    requests. The address is printed; it is also a page to try it on. docs/serving.md has the rest.

    Requests must bear the token in ONSTAGE_SERVE_TOKEN where that is set, and it must be set to
    listen elsewhere than on this machine.

    \b
    Example:  onstage serve configs/demo.yaml --port 0
    """
    for name in BLAS:
        os.environ.setdefault(name, "1")  # read when a library is loaded, so before that
    from onstage.pipeline.serving import ChampionSource, instant_of, journal_of
    from onstage.pipeline.workspace import Workspace
    from onstage.serving.online.app import application
    from onstage.serving.online.bearer import (
        is_loopback,
        see_that_strangers_need_a_token,
        token_from,
    )
    from onstage.serving.online.limits import Limits
    from onstage.serving.online.log_lines import log_as_json
    from onstage.serving.online.server import address_of, bound, serve

    workspace = Workspace.open(config)
    token = token_from()
    see_that_strangers_need_a_token(host, token)
    limits = Limits(threads=threads, timeout_seconds=timeout, rate=rate, poll_seconds=poll)
    app = application(
        ChampionSource(workspace),
        at=instant_of(workspace, at),
        limits=limits,
        token=token,
        journal=journal_of(workspace) if keep else None,
    )
    made = bound(host, port)
    log_as_json()
    if not is_loopback(host):
        logger.warning("listening at %s: whoever has the token can ask; nothing is encrypted", host)
    serve(app, made, ready=lambda: click.echo(address_of(made)))
