"""Metrics, one file each, every one a subclass of ``evaluate.Metric``."""
