"""A full run: the recipe that puts trainings together, and the evidence on which each of its stages goes on."""
