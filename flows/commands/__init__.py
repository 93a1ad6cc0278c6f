"""The commands of `onstage`, one file each."""
