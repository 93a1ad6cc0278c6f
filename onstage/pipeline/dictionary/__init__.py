"""What every table on the disk holds: one meaning a column, with its unit."""
