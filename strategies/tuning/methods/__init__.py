"""Methods of tuning: a module or folder each, which exports one class; see `strategies.tuning.method`."""
