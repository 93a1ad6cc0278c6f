"""Which benchmarks there are, and how large each is run."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Benchmark:
    """One command, ``python -m benchmarks.NAME``, which takes ``--output FILE``.

    Attributes
    ----------
    name
        Name of the module.
    asks
        What it answers, for ``--list`` and the table.
    tiny
        Words that make it a matter of seconds, for the tests; None where it starts a cluster: no
        test runs it.
    short
        Words of the short form; None leaves it to the full one.
    full
        Words of the full form: the sizes that are quoted.
    torch, real
        Whether it leaves itself out without torch, without the data of ONSTAGE_DATA.
    """

    name: str
    asks: str
    tiny: str | None
    short: str | None
    full: str = ""
    torch: bool = False
    real: bool = False

    def words(self, form: str) -> list[str] | None:
        """Arguments of one form, or None where it is not part of it."""
        chosen: dict[str, str | None] = {"tiny": self.tiny, "short": self.short, "full": self.full}
        line = chosen[form]
        return None if line is None else line.split()


BENCHMARKS: Final[tuple[Benchmark, ...]] = (
    Benchmark(
        "startup",
        "how long a command takes to start",
        "--repeats 1",
        "--repeats 5",
    ),
    Benchmark(
        "als",
        "ALS fit over implicit alone, and the BLAS trap",
        "--users 200 --items 100 --rows 2000 --repeats 1",
        "--repeats 3",
        "--users 100000 --items 20000 --rows 2000000 --repeats 5",
    ),
    Benchmark(
        "bpr",
        "BPR fit over implicit alone",
        "--users 200 --items 100 --rows 2000 --repeats 1",
        "--rows 200000 --repeats 3",
    ),
    Benchmark(
        "ratings_fit",
        "SVD fit over Surprise alone",
        "--rows 2000 --factors 5 --repeats 1",
        "--rows 50000 --repeats 3",
    ),
    Benchmark(
        "ratings_topk",
        "lists of a ratings model over Surprise's test",
        "--sample 1 --factors 5 --repeats 1 --large 100",
        "--sample 6 --repeats 3 --large 20000",
    ),
    Benchmark(
        "metrics",
        "metrics of stored lists over RecTools, rs_metrics and ranx",
        "--users 200 --items 100 --repeats 1 --peers ranx",
        "--users 20000",
    ),
    Benchmark(
        "evaluation",
        "full-ranking evaluation over implicit's",
        "--users 200 --items 100 --rows 2000 --events 200 --repeats 1",
        "--users 5000 --rows 300000 --events 10000",
    ),
    Benchmark(
        "masked_auc",
        "masked AUC over the published notebook's loop",
        "--users 200 --items 100 --pairs 2000 --sample 10 --repeats 1 --movielens absent.csv",
        "--users 20000 --pairs 300000 --sample 100 --repeats 1",
    ),
    Benchmark(
        "availability",
        "who is live when, over a scan of the log per step",
        "--users 60 --sample 3 --repeats 1",
        "--users 5000 --sample 30 --repeats 3",
    ),
    Benchmark(
        "live_ranking",
        "ranking the live over ranking the catalogue",
        "--users 50 --items 500 --live 20 --factors 8 --repeats 1",
        "--users 2000 --repeats 3",
    ),
    Benchmark(
        "validation",
        "Great Expectations over bare pandas",
        "--rows 3000 --repeats 1",
        "--rows 500000 --repeats 3",
    ),
    Benchmark(
        "sequences",
        "epochs of LiveRec and SASRec",
        "--users 60 --epochs 1 --windows 2 --repeats 1",
        "--users 2000 --epochs 1 --windows 15",
        "--users 100000 --epochs 3",
        torch=True,
    ),
    Benchmark(
        "pipeline",
        "a retrain's overhead, and a second retrain",
        "--users 150 --days 8 --trials 1",
        "--users 1000 --days 21 --trials 2",
        "configs/twitch105k.yaml configs/deskdrop.yaml",
        real=True,
    ),
    Benchmark(
        "tracking",
        "what a trial costs in MLflow",
        "--rounds 2",
        "--rounds 10",
    ),
    Benchmark(
        "sweep_postgres",
        "sweeps of several processes on PostgreSQL",
        "--processes 1 --trials 4",
        "",
        "--processes 8 --trials 640",
    ),
    Benchmark(
        "comparison",
        "paired bootstrap of all pairs of models",
        "--events 200 --models 3 --resamples 100 --repeats 1",
        "--events 20000 --resamples 2000",
    ),
    Benchmark(
        "clusters",
        "clustering users and items",
        "--users 200 --items 200",
        "--users 25000 --items 30000",
    ),
    Benchmark(
        "serving",
        "the online service: latency, swaps, a soak",
        "--users 500 --items 600 --live 50 --rows 1000 --factors 8 --clients 1 2 "
        "--requests 20 --swapped 20 --soak 1",
        "--users 20000 --items 20000 --rows 100000 --requests 500 --swapped 2000 --soak 10",
    ),
    Benchmark(
        "simulate",
        "the simulated twin: speed, and how near it is",
        "--users 60",
        "--users 2000",
    ),
    Benchmark(
        "ranker",
        "ranking all live of every event by the ranker",
        "--users 400",
        "--users 2000",
    ),
    Benchmark(
        "cluster_numbers",
        "who keeps the number of their cluster",
        "",
        None,
        real=True,
    ),
    Benchmark(
        "growth",
        "how time and memory of every step grow with the log",
        "--sizes 2000 --steps ingest",
        "--sizes 30000 300000",
        "--plot docs/figures/growth.svg",
    ),
    Benchmark(
        "drift",
        "false alarms of drift, and changes it sees",
        "--worlds 1 --users 300 --nights 2 --shares 1",
        "--worlds 4",
    ),
    Benchmark(
        "memory",
        "peak memory by rows and by ONSTAGE_MEMORY",
        "--rows 0.01 --kinds parquet --memory 512MiB --steps ingest",
        "--rows 0.5 --memory 256MiB,1GiB --kinds csv",
    ),
    Benchmark(
        "cluster",
        "what a second worker of a local cluster is worth",
        None,
        None,
    ),
    Benchmark(
        "als_spark",
        "ALS by MLlib beside ALS by implicit",
        None,
        None,
        real=True,
    ),
    Benchmark(
        "explore",
        "exploring a log of Kumu's size",
        "--users 100 --steps-only --steps ingest survey",
        "--users 3000 --steps-only",
    ),
    Benchmark(
        "ratings_sweep",
        "compute that pruning by folds saves",
        "--seeds 0 --pairs 600 --trials 3",
        None,
    ),
    Benchmark(
        "gate",
        "how often equal challengers are promoted",
        "simulated --replicas 1 --selected 0 --users 300",
        "simulated --replicas 4 --selected 0",
        "simulated twitch105k --replicas 200",
    ),
    Benchmark(
        "liverec_ablation",
        "what each change of LiveRec brings",
        "--epochs 1 --only released",
        None,
        "--epochs 10",
        torch=True,
        real=True,
    ),
    Benchmark(
        "published",
        "published numbers, where the user has MovieLens 100K, 1M and 20M",
        "",
        None,
        real=True,
    ),
    Benchmark(
        "ranker_sequence",
        "what a SASRec brings the ranker",
        "",
        None,
        "--seeds 3",
        torch=True,
        real=True,
    ),
)
"""In the order of the table."""


def named(name: str) -> Benchmark:
    """The benchmark called `name`.

    Raises
    ------
    KeyError
        If there is none.
    """
    found = {one.name: one for one in BENCHMARKS}
    if name not in found:
        message = f"no benchmark is called {name!r}: choose from {', '.join(found)}"
        raise KeyError(message)
    return found[name]
