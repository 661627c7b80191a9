"""The starter model: its generator of tasks, tokenizer, pre-training program and measured abilities."""
