"""Which texts of the pool to ask next, and why: scores, spread, draws, and the table of query strategies."""
