"""How time and memory grow with the log: ``python -m benchmarks.growth``."""
