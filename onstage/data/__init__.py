"""From source files to datasets: sources, the store, clocks, positions."""
