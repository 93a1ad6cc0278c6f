"""A live-stream platform in a box: who streams when, who watches what, written as raw logs."""
