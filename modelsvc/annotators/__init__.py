"""Several people's answers to the same texts: agreement, consensus, and labels that are likely wrong."""
