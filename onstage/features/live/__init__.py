"""Features of (user, live item, time), from what was known just before that time."""
