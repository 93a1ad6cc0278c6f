"""The online service under load: ``python -m benchmarks.serving``."""
