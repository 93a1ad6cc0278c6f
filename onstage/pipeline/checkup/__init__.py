"""What has to be in order before a night's work: one finding a line."""
