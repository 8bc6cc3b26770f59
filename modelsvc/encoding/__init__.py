"""Texts to embeddings: an encoder's files, how it wants to be read, and reading fast. The first to load torch."""
