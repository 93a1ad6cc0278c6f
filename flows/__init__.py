"""The order of events: one flow per file."""
