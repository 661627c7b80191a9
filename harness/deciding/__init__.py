"""From a run's findings to a decision: prices, costs, the choice, and what would change it."""
