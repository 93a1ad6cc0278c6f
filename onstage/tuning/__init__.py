"""Search spaces as data, studies, and the bridge to tracking."""
