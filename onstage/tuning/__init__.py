"""Search: spaces as data, one study per algorithm, every trial tracked."""
