"""What the Meridian suite is generated from: phrase banks and one module a task."""
