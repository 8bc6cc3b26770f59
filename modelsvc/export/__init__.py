"""A model to take away: the bundle, its card, and the script that runs without this project."""
