"""What the numbers of a report were made from, and how each protocol cut the log."""

import platform

from onstage.config import PipelineConfig
from onstage.pipeline.backtest import BACKTEST_VERSION
from onstage.pipeline.leaks import leaks_line
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.ranking import LEADERBOARD_VERSION
from onstage.pipeline.repro.environment import code_name, config_digest, libraries
from onstage.pipeline.workspace import Workspace
from onstage.splitting.protocol import LiveProtocol, MaskedProtocol, Protocol, TemporalProtocol


RANDOM = "RANDOM SPLIT"
"""Stamp of a protocol whose models see the future."""


def provenance(workspace: Workspace, outcome: Outcome) -> dict[str, str]:
    """Digests, version of the code, seeds and splits: name to value."""
    config = workspace.config
    return {
        "MLflow run": outcome.run,
        "registered model": workspace.registered_model,
        "data digest": outcome.log.digest,
        "config digest": config_digest(config),
        "leaderboard digest": outcome.board.digest,
        "code": f"onstage {code_name()}, backtest {BACKTEST_VERSION}, "
        f"leaderboard {LEADERBOARD_VERSION}",
        "seed": f"{config.seed}; models that learn at random are fitted {config.seeds} times",
        **{f"split {one.name}": _split(one) for one in config.protocols},
        "leak lint": leaks_line(workspace, outcome.board),
    }


def environment() -> dict[str, str]:
    """Python and the libraries that we require: name to version."""
    return {"python": platform.python_version(), **libraries()}


def notes(config: PipelineConfig) -> tuple[str, ...]:
    """What a reader must not miss: protocols that split at random."""
    return tuple(
        f"{RANDOM}: protocol {one.name} hides pairs at random, so its models see the future."
        for one in config.protocols
        if one.split == "random"
    )


def about(config: PipelineConfig) -> dict[str, str]:
    """Protocol to a sentence on what is known and what is asked."""
    return {one.name: _sentence(one) for one in config.protocols}


def _split(protocol: Protocol) -> str:
    stamp = f"{RANDOM} " if protocol.split == "random" else ""
    return f"{stamp}{protocol.model_dump_json(exclude_none=True)}"


def _sentence(protocol: Protocol) -> str:
    repeat = {
        "allow": "what the user had may be recommended again",
        "exclude": "what the user had is no candidate",
    }.get(protocol.repeat.kind, "what the user had lately is no candidate")
    match protocol:
        case TemporalProtocol():
            cut = "One instant cuts the log: what was before is known, what came after is asked"
        case LiveProtocol():
            rows = "16 newest rows" if protocol.track == "A" else "earlier rows"
            live = " (live by somebody else's row)" * (protocol.track == "C")
            cut = f"When a user starts to watch, who is live{live} is ranked by the user's {rows}"
        case MaskedProtocol():
            cut = f"{protocol.share:.0%} of all pairs were hidden at random and are asked for"
    return f"{cut}; {repeat}."
