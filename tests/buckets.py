"""An S3 server of our own, on loopback, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def bucket(name: str) -> Iterator[str]:
    """URL of an empty bucket; the environment leads S3's clients to it."""
    s3fs = pytest.importorskip("s3fs", reason="no s3fs here: pip install 'onstage[s3]'")
    moto = pytest.importorskip("moto.server", reason="no moto here: pip install 'onstage[dev]'")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL"):
            patch.setenv(variable, address)
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(variable, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()  # one that knows another server
        try:
            s3fs.S3FileSystem().mkdir(name)
            yield f"s3://{name}"
        finally:
            s3fs.S3FileSystem.clear_instance_cache()
            server.stop()
