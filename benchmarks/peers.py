"""The peers' environments: each of its own, made where it is missing."""

import os
import subprocess
import sys
import venv
from pathlib import Path
from types import MappingProxyType
from typing import Final

from onstage.settings import load_settings


REQUIREMENTS: Final = MappingProxyType(
    {
        "implicit": ("implicit==0.7.3", "numpy==2.4.6", "scipy==1.17.1", "threadpoolctl==3.6.0"),
        "surprise": ("scikit-surprise==1.1.5", "numpy==2.4.6"),
        "ranx": ("ranx==0.3.21", "numpy==2.4.6", "pandas==3.1.1"),
        "rs_metrics": ("rs-metrics==0.6.0", "numpy==2.4.6", "pandas==3.1.1"),
        "rectools": ("rectools==0.19.0",),
    }
)
"""What each environment is asked for; RecTools needs an older NumPy than ours."""

HERE: Final = "ONSTAGE_BENCH_PEERS"
BINARIES: Final = "Scripts" if sys.platform == "win32" else "bin"


def interpreter(peer: str) -> Path:
    """The Python of a peer's environment, below ``bench/peers`` of the home folder.

    Made from the package index at the first call (a minute or two), and anew when the requirements
    have changed. With ``ONSTAGE_BENCH_PEERS=here`` it is this very Python, which has some of the
    peers: for tests without a network, not for figures.

    Raises
    ------
    subprocess.CalledProcessError
        If a package cannot be had.
    """
    if os.environ.get(HERE) == "here":
        return Path(sys.executable)
    folder = (load_settings().home / "bench" / "peers" / peer).resolve()
    python, done = folder / BINARIES / "python", folder / "made"
    wanted = "\n".join(REQUIREMENTS[peer])
    if not done.exists() or done.read_text() != wanted:
        print(f"making {folder} with {', '.join(REQUIREMENTS[peer])}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        install = [str(python), "-m", "pip", "install", *quiet, *REQUIREMENTS[peer]]
        subprocess.run(install, check=True)
        done.write_text(wanted)
    return python
