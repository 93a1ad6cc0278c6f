"""Retrains in processes that die by SIGKILL at one named moment.

Reads one JSON line per retrain from stdin and answers each with the exit code of its process. The
process is forked from this one, which has imported everything heavy and done nothing else.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

from tests.e2e.kill.order import FILLER, Order


passed: Counter[str] = Counter()
orders: list[Order] = []
"""The one order of this process, once it has one."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def trace() -> Path:
    return Path(orders[0].home) / "trace"


def passing(moment: str, seconds: float = 0.0) -> None:
    """Note the moment; keep the home as it is now, fill the disk, or die, if it is the one."""
    order = orders[0]
    with trace().open("a") as stream:
        stream.write(f"{moment} {seconds:.3f}\n")
    if moment in order.keep:
        shutil.copytree(order.home, Path(order.kept) / moment)
    if moment == order.full:
        fill(Path(order.home) / FILLER)
    if moment == order.point:
        die()


def fill(path: Path) -> None:
    """Leave no room on the disk."""
    with path.open("wb", buffering=0) as stream, suppress(OSError):
        for size in (2**20, 4096):
            with suppress(OSError):
                while True:
                    stream.write(b"0" * size)


def count_what_was_passed() -> None:
    """Go on counting where the process before this one was."""
    if trace().exists():
        moments = [line.split()[0] for line in trace().read_text().splitlines()]
        ended = [m for m in moments if m.endswith((":published", ":after"))]
        passed.update(moment.partition("#")[0] for moment in ended)


def numbered(what: str) -> str:
    passed[what] += 1
    return f"{what}#{passed[what]}"


def around(owner: Any, name: str, what: str, *, only: Callable[..., bool] | None = None) -> None:
    """Note the moments right before and right after a function."""
    inner = getattr(owner, name)

    @wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> Any:
        if only is not None and not only(*args, **kwargs):
            return inner(*args, **kwargs)
        this = numbered(what)
        passing(f"{this}:before")
        value = inner(*args, **kwargs)
        passing(f"{this}:after")
        return value

    setattr(owner, name, outer)


def steps() -> None:
    """Note four moments of every step that is really made."""
    from onstage.data.store import Store

    inner = Store.make

    def make(self: Store, step: str, key: str, build: Any, **kwargs: Any) -> Any:
        if self.find(step, key) is not None:
            return inner(self, step, key, build, **kwargs)
        this = numbered(step)

        def watched(folder: Path) -> Mapping[str, float | int | str]:
            passing(f"{this}:begun")
            if f"{this}:middle" == orders[0].point:
                timer = threading.Timer(orders[0].seconds, die)
                timer.daemon = True
                timer.start()
            began = time.perf_counter()
            counts: Mapping[str, float | int | str] = build(folder)
            passing(f"{this}:written", time.perf_counter() - began)
            return counts

        made = inner(self, step, key, watched, **kwargs)
        passing(f"{this}:published")
        return made

    Store.make = make  # type: ignore[method-assign,assignment]


def watch() -> None:
    from onstage.pipeline import outcome, page, recording
    from onstage.registry import uploads
    from onstage.registry.audit import Audit
    from onstage.registry.versions import Registry
    from onstage.tracking.tracker import Tracker
    from onstage.tuning.search import Search

    steps()
    around(Search, "trial", "trial")
    around(recording, "record", "record")
    around(Tracker, "log_artifact", "record-child", only=_of_a_backtest)
    around(Registry, "register", "register")
    around(uploads, "_identify", "upload")
    around(Registry, "_create_model", "register-uploaded")
    around(Registry, "annotate", "annotate")
    around(Registry, "promote", "promote")
    around(Audit, "append", "audit")
    around(page, "write_page", "report")
    around(outcome, "remember", "remember")


def _of_a_backtest(*args: Any, **kwargs: Any) -> bool:
    return any(str(arg).endswith("costs.json") for arg in args)


HEAVY = (
    "alembic.command", "great_expectations", "great_expectations.checkpoint", "implicit.als",
    "matplotlib.pyplot", "mlflow", "mlflow.pyfunc", "optuna.importance", "plotly.graph_objects",
    "prefect.engine", "sklearn.cluster", "sklearn.ensemble", "expectations.runner", "flows.cli",
    "flows.retrain",
)  # fmt: skip
"""Nothing that starts a thread or reads a setting of one retrain."""


def retrain(config: str, order: Order) -> None:
    """In a process of its own: be `onstage retrain`, and never return."""
    code = 1
    orders.append(order)
    try:
        os.environ["ONSTAGE_HOME"] = order.home
        said = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(said, stream)
        count_what_was_passed()
        watch()
        sys.argv = ["onstage", "retrain", config]
        from flows.cli import main as onstage

        onstage()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    for module in HEAVY:
        importlib.import_module(module)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            retrain(sys.argv[1], Order(**json.loads(line)))
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
