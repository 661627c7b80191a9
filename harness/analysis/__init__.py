"""From stored rows to a run's findings: scores, differences, forgetting, summary. No model is needed."""
