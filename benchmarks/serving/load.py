"""Load on the server: many clients, swaps meanwhile, a soak."""

import argparse
import statistics
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.serving.client import Client, Tally, metric
from benchmarks.serving.server import POINTER
from benchmarks.serving.versions import K, Lists


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


def latencies(arguments: argparse.Namespace, port: int, expected: dict[str, Lists]) -> list[Figure]:
    """Milliseconds of one request, by how many ask at once."""
    asked(port, 2, min(200, arguments.requests), expected)
    figures = []
    for clients in arguments.clients:
        tally, taken = asked(port, clients, arguments.requests, expected)
        middle, late = 1000 * np.quantile(tally.seconds, [0.5, 0.99])
        who = f"{clients} clients" if clients > 1 else "1 client"
        figures += [
            Figure(f"{who}: median of a request", "ms", (float(middle),)),
            Figure(f"{who}: 99th percentile", "ms", (float(late),)),
            Figure(f"{who}: requests", "/s", (len(tally.seconds) / taken,)),
            Figure(f"{who}: errors", "", (tally.errors,), at_most=0),
            Figure(f"{who}: lists that differ from the batch's", "", (tally.different,),
                   at_most=0),
        ]  # fmt: skip
    return figures


def swaps(
    arguments: argparse.Namespace, port: int, expected: dict[str, Lists], folder: Path
) -> list[Figure]:
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
    entered = int(metric(text, "onstage_champions_total")) - 1
    what = f"{arguments.swapped:,} requests through {entered} swaps"
    late = float(1000 * np.quantile(tally.seconds, 0.99))
    return [
        Figure(f"{what}: errors", "", (tally.errors,), at_most=0),
        Figure(f"{what}: lists that differ", "", (tally.different,), at_most=0),
        Figure(f"{what}: 99th percentile", "ms", (late,)),
        Figure(f"{what}: taken", "s", (taken,)),
    ]


def soak(arguments: argparse.Namespace, port: int) -> list[Figure]:
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
        memory.append(metric(text, "process_resident_memory_bytes") / 2**20)
    done.set()
    for thread in threads:
        thread.join()
    third = max(1, len(memory) // 3)
    parts = [memory[third : 2 * third] or memory, memory[-third:]]
    middle, last = (statistics.mean(part) for part in parts)
    what = f"soak of {arguments.soak:.0f} s, {sum(counts):,} requests"
    return [
        Figure(f"{what}: errors", "", (sum(wrong),), at_most=0),
        Figure(f"{what}: memory, second third", "MiB", (middle,)),
        Figure(f"{what}: memory, last third", "MiB", (last,)),
    ]
