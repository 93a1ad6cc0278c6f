"""Measure when told to: a line in, a line of JSON out. Runs in every environment."""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version


def versions(*names: str) -> dict[str, str]:
    """Say which releases these are."""
    found = {"python": sys.version.split()[0]}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def answer(work: Callable[[], dict[str, object] | None], **prepared: object) -> None:
    """Say that all is prepared; then do `work` for every line, and say what it took and returned.

    What libraries print goes to standard error.
    """
    out, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(prepared), file=out, flush=True)
    for _ in sys.stdin:
        began, spent = time.perf_counter(), time.process_time()
        found = work() or {}
        taken = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - spent}
        print(json.dumps({**taken, **found}), file=out, flush=True)
