"""From stored results to a page; nothing here loads a model."""
