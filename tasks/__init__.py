"""The edges of a step: one Prefect task around one library function."""
