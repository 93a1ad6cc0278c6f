"""What a log looks like: numbers, tables and sentences, before any model."""
