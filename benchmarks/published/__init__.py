"""Published numbers, reproduced where the user has the data: ``python -m benchmarks.published``."""
