"""How fast a report is made, and how fast it opens."""
