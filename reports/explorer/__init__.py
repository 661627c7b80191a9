"""The item explorer of the report: every item of a run, packed into the page and opened by one script."""
