"""`onstage retrain CONFIG` in a process that dies by SIGKILL at one named moment.

Arguments: CONFIG TRACE POINT SECONDS. Every moment passed is appended to the file TRACE. POINT is
one of them, e.g. ``sweep#2:middle``, or ``-``; SECONDS is when the middle of a step comes.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any


CONFIG, TRACE, POINT, SECONDS = sys.argv[1:5]
passed: Counter[str] = Counter()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def passing(moment: str, seconds: float = 0.0) -> None:
    """Note the moment; die if it is the one."""
    with Path(TRACE).open("a") as trace:
        trace.write(f"{moment} {seconds:.3f}\n")
    if moment == POINT:
        die()


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
            if f"{this}:middle" == POINT:
                timer = threading.Timer(float(SECONDS), die)
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


def main() -> None:
    from flows.cli import main as onstage
    from onstage.pipeline import outcome, page, recording
    from onstage.registry.audit import Audit
    from onstage.registry.versions import Registry
    from onstage.tracking.tracker import Tracker
    from onstage.tuning.search import Search

    steps()
    around(Search, "_trial", "trial")
    around(recording, "record", "record")
    around(Tracker, "log_artifact", "record-child", only=_of_a_backtest)
    around(Registry, "register", "register")
    around(Registry, "_create_model", "register-uploaded")
    around(Registry, "annotate", "annotate")
    around(Registry, "promote", "promote")
    around(Audit, "append", "audit")
    around(page, "write_page", "report")
    around(outcome, "remember", "remember")
    sys.argv = ["onstage", "retrain", CONFIG]
    onstage()


def _of_a_backtest(*args: Any, **kwargs: Any) -> bool:
    return any(str(arg).endswith("costs.json") for arg in args)


if __name__ == "__main__":
    main()
