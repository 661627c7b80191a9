"""Finding passages and examples: chunks, vectors and indexes."""
