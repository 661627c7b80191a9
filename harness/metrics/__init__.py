"""Metrics, one file each; `harness.scoring` says what a metric is."""

from harness.metrics._loading import load_metric, load_metrics

__all__ = ["load_metric", "load_metrics"]
