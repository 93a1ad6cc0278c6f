"""The online service: latency, throughput, a swap under load, a soak.

Run: ``python -m benchmarks.serving`` (``--help`` for sizes; ``--soak 600`` for ten minutes). A
server in a process of its own, as `onstage serve` runs it (2 threads, one BLAS thread each),
serves a model with random factors or visits; clients are threads of this process that keep their
connection and ask for one user's 10 best of 800 live of 160,000 items at a time. Clients and
server share the machine, so with few cores the figures are those of both. Every list is compared
with the one that the batch function gives for the same user.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


K = 10
THREADS = 2
POINTER = "champion"
Lists = dict[int, list[tuple[int, float]]]


def main() -> None:
    arguments = parsed()
    if arguments.server is not None:
        serve(arguments.server, arguments.threads)
        return
    with tempfile.TemporaryDirectory(prefix="onstage-bench-") as scratch:
        folder = Path(scratch)
        expected = {str(n): made(arguments, folder, n) for n in (1, 2)}
        (folder / POINTER).write_text("1")
        print(
            f"{arguments.algorithm}, {arguments.users:,} users, {arguments.live} live of "
            f"{arguments.items:,} items, top {K}; {os.cpu_count()} cores, "
            f"load before {os.getloadavg()[0]:.1f}"
        )
        with server(folder, arguments.threads) as port:
            latencies(arguments, port, expected)
            swaps(arguments, port, expected, folder)
            soak(arguments, port)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
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
    parser.add_argument("--threads", type=int, default=THREADS, help="of the server")
    parser.add_argument("--server", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def made(arguments: argparse.Namespace, folder: Path, number: int) -> Lists:
    """Save a version, and say what it should answer to the first users."""
    from onstage.availability.index import AvailabilityIndex
    from onstage.data.clock import Clock
    from onstage.data.dataset import Dataset
    from onstage.models.als import Als, AlsConfig
    from onstage.models.base import Recommender
    from onstage.models.memory import Memory, MemoryConfig
    from onstage.serving.bundle import Bundle, save_bundle

    rng = np.random.default_rng(number)
    n = arguments.rows
    user = np.append(np.arange(arguments.users), rng.integers(arguments.users, size=n))
    item = rng.integers(arguments.items, size=len(user))
    item[: arguments.items] = np.arange(min(arguments.items, len(item)))
    data = Dataset(
        pd.Index(np.arange(arguments.users)),
        pd.Index(np.arange(arguments.items)),
        Clock(kind="step", step_seconds=60),
        user,
        item,
        np.arange(len(user)),
        np.ones(len(user), dtype=np.float32),
    )
    model: Recommender[Any]
    if arguments.algorithm == "memory":
        model = Memory(MemoryConfig()).fit(data)
    else:
        shape = (arguments.users, arguments.factors), (arguments.items, arguments.factors)
        factors = [rng.normal(size=one).astype(np.float32) for one in shape]
        state = dict(zip(("user_factors", "item_factors"), factors, strict=True))
        model = Als(AlsConfig(factors=arguments.factors)).restore(data, state)
    live = np.sort(rng.choice(arguments.items, arguments.live, replace=False))
    far = np.full(len(live), 1 << 40)
    index = AvailabilityIndex.merged(arguments.items, live, np.zeros_like(live), far)
    save_bundle(model, folder / f"v{number}", availability=index)
    table = Bundle(model, index).recommend(np.arange(500), "last", K)
    lists: Lists = {one: [] for one in range(500)}
    for who, what, score in zip(table["user_id"], table["item_id"], table["score"], strict=True):
        lists[int(who)].append((int(what), float(score)))
    return lists


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
    words = ["--server", str(folder), "--threads", str(threads)]
    command = [sys.executable, "-m", "benchmarks.serving", *words]
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


class Client:
    """One connection, kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and body; GET without a body to send."""
        method = "GET" if body is None else "POST"
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        return reply.status, reply.read()


@dataclass
class Tally:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    different: int = 0
    versions: set[str] = field(default_factory=set)
    largest: float = 0.0

    def add(self, status: int, body: bytes, user: int, expected: dict[str, Lists]) -> None:
        """Take an answer in."""
        if status != 200:
            self.errors += 1
            return
        told = json.loads(body)
        self.versions.add(told["version"])
        found = [(one["item"], one["score"]) for one in told["lists"][0]["items"]]
        wanted = expected[told["version"]][user]
        same = [item for item, _ in found] == [item for item, _ in wanted]
        self.different += not same
        gaps = [abs(a - b) for (_, a), (_, b) in zip(found, wanted, strict=False)]
        self.largest = max(self.largest, *gaps)


def asked(port: int, clients: int, count: int, expected: dict[str, Lists]) -> tuple[Tally, float]:
    """`count` requests by so many clients at once; and how long that took."""
    tallies = [Tally() for _ in range(clients)]

    def work(number: int) -> None:
        client, tally = Client(port), tallies[number]
        for n in range(number, count, clients):
            user = n % 500
            began = time.perf_counter()
            status, body = client.ask("/recommend", {"users": [user], "k": K})
            tally.seconds.append(time.perf_counter() - began)
            tally.add(status, body, user, expected)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    whole = Tally()
    for one in tallies:
        whole.seconds += one.seconds
        whole.errors += one.errors
        whole.different += one.different
        whole.versions |= one.versions
        whole.largest = max(whole.largest, one.largest)
    return whole, taken


def latencies(arguments: argparse.Namespace, port: int, expected: dict[str, Lists]) -> None:
    asked(port, 2, 200, expected)
    for clients in arguments.clients:
        tally, taken = asked(port, clients, arguments.requests, expected)
        milliseconds = 1000 * np.quantile(tally.seconds, [0.5, 0.99])
        print(
            f"  {clients:3} clients  p50 {milliseconds[0]:7.1f} ms  p99 {milliseconds[1]:7.1f} ms  "
            f"{len(tally.seconds) / taken:7.0f} requests/s  {tally.errors} errors  "
            f"{tally.different} lists differ from the batch's (largest gap of scores "
            f"{tally.largest:.1g})"
        )


def swaps(
    arguments: argparse.Namespace, port: int, expected: dict[str, Lists], folder: Path
) -> None:
    """Move the alias to and fro while requests are answered."""
    done = threading.Event()
    moves = 0

    def move() -> None:
        nonlocal moves
        while not done.wait(3):
            now = (folder / POINTER).read_text()
            draft = folder / "draft"
            draft.write_text("2" if now == "1" else "1")
            draft.replace(folder / POINTER)
            moves += 1

    mover = threading.Thread(target=move)
    mover.start()
    tally, taken = asked(port, 8, arguments.swapped, expected)
    done.set()
    mover.join()
    text = Client(port).ask("/metrics")[1].decode()
    entered = int(figure(text, "onstage_champions_total")) - 1
    print(
        f"  {arguments.swapped:,} requests by 8 clients through {entered} swaps ({moves} moves of "
        f"the alias) in {taken:.0f} s: {tally.errors} errors, {tally.different} lists differ, "
        f"versions {sorted(tally.versions)}, p99 {1000 * np.quantile(tally.seconds, 0.99):.1f} ms"
    )


def soak(arguments: argparse.Namespace, port: int) -> None:
    """Lists, posts of interactions and of who is live, for a while; the server's memory."""
    end, done = time.monotonic() + arguments.soak, threading.Event()
    counts, wrong = [0] * 8, [0] * 8

    def work(number: int) -> None:
        client, rng = Client(port), np.random.default_rng(number)
        while not done.is_set():
            user, item = int(rng.integers(arguments.users)), int(rng.integers(arguments.items))
            kind = rng.random()
            if kind < 0.9:
                status, _ = client.ask("/recommend", {"users": [user], "k": K})
            elif kind < 0.95:
                rows = [{"user": user, "item": item}]
                status, _ = client.ask("/interactions", {"interactions": rows})
            else:
                word = "on" if rng.random() < 0.5 else "off"
                status, _ = client.ask("/live", {word: [item % 2000]})
            counts[number] += 1
            wrong[number] += status != 200

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    client, memory = Client(port), []
    while time.monotonic() < end:
        time.sleep(min(1.0, arguments.soak / 20))
        text = client.ask("/metrics")[1].decode()
        memory.append(figure(text, "process_resident_memory_bytes") / 2**20)
    done.set()
    for thread in threads:
        thread.join()
    third = max(1, len(memory) // 3)
    parts = [memory[third : 2 * third] or memory, memory[-third:]]
    middle, last = (statistics.mean(part) for part in parts)
    print(
        f"  soak of {arguments.soak:.0f} s: {sum(counts):,} requests, {sum(wrong)} errors; memory "
        f"{memory[0]:.0f} MiB at first, {middle:.0f} in the second third, {last:.0f} in the last"
    )


def figure(text: str, name: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    return float(line.rsplit(" ", 1)[1])


if __name__ == "__main__":
    main()
