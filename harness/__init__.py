"""The engine of Trilemma: types, configuration, tasks, models, metrics, runner, store and statistics."""
