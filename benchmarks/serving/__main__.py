"""The online service: latency, throughput, a swap under load, a soak.

Run: ``python -m benchmarks.serving`` (``--help`` for sizes; ``--soak 600`` for ten minutes). A
server in a process of its own, as `onstage serve` runs it (2 threads, one BLAS thread each),
serves a model with random factors or visits; clients are threads of this process that keep their
connection and ask for one user's 10 best of 800 live of 160,000 items at a time. Clients and
server share the machine, so with few cores the figures are those of both. Every list is compared
with the one that the batch function gives for the same user.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.figure import arguments_of, tell
from benchmarks.serving.load import latencies, soak, swaps
from benchmarks.serving.server import POINTER, server
from benchmarks.serving.versions import K, made


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory(prefix="onstage-bench-") as scratch:
        folder = Path(scratch)
        expected = {str(n): made(arguments, folder, n) for n in (1, 2)}
        (folder / POINTER).write_text("1")
        with server(folder, arguments.threads) as port:
            figures = latencies(arguments, port, expected)
            figures += swaps(arguments, port, expected, folder)
            figures += soak(arguments, port)
    about = (
        f"{arguments.algorithm}, {arguments.users:,} users, {arguments.live} live of "
        f"{arguments.items:,} items, top {K}; clients and server on one machine"
    )
    tell(about, figures, arguments.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--algorithm", choices=("als", "memory"), default="als")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=160_000)
    parser.add_argument("--live", type=int, default=800)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--requests", type=int, default=2000, help="for each number of clients")
    parser.add_argument("--swapped", type=int, default=10_000, help="requests through swaps")
    parser.add_argument("--soak", type=float, default=20.0, help="seconds")
    parser.add_argument("--threads", type=int, default=2, help="of the server")
    return parser.parse_args()


if __name__ == "__main__":
    main()
