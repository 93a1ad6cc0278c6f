"""One protocol, one model: a table per event, then averages and comparisons."""
