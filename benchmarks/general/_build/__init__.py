"""The phrase banks of the retention suite, one module a task; `benchmarks.general.build` makes the files."""
