"""Figures, not tests: each module prints one JSON object with the machine, the versions and every run."""
