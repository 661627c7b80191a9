"""From what a run found to what to do: prices, costs, the choice, and what would change it."""
