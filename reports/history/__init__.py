"""Several runs over time: records, reading, what changed, and how it is shown."""
