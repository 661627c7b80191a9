"""One file a retriever: what ``retriever:`` of a strategy can name."""
