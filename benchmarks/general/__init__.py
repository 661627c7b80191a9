"""Retention tasks: what a model should still be able to do after it has been adapted."""
