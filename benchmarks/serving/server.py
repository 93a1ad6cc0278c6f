"""The server in a process of its own, as ``onstage serve`` runs it. Arguments: folder, threads."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.client import Client


POINTER = "champion"
"""File that says which version is served."""


def serve(folder: Path, threads: int) -> None:
    """The server's own process."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from onstage.data.titles import Titles
    from onstage.serving.bundle import load_bundle
    from onstage.serving.online.app import application
    from onstage.serving.online.limits import Limits
    from onstage.serving.online.server import address_of, bound
    from onstage.serving.online.server import serve as run
    from onstage.serving.online.source import Loaded

    class Folder:
        name = "bench"

        def version(self) -> str:
            return (folder / POINTER).read_text()

        def load(self, version: str) -> Loaded:
            bundle = load_bundle(folder / f"v{version}")
            return Loaded(version, bundle, Titles(bundle.model.dataset.items, None))

    limits = Limits(threads=threads, poll_seconds=0.2)
    app = application(Folder(), at="last", limits=limits)
    made_socket = bound("127.0.0.1", 0)
    run(app, made_socket, ready=lambda: print(address_of(made_socket), flush=True))


@contextmanager
def server(folder: Path, threads: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.serving.server", str(folder), str(threads)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None  # noqa: S101
        port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
        while Client(port).ask("/health")[0] != 200:
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
