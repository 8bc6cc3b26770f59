"""The quick model: heads over cached embeddings and words, what teaches them besides labels, and their calibration."""
