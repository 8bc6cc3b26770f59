"""What is kept of a pool on disk, and what is nearest in it: embeddings, words, the newest answers. No torch."""
