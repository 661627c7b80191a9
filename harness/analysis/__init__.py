"""From stored rows to what a run found: scores, differences, forgetting, summary. No model is needed."""
