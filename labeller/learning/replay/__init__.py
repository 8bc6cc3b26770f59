"""A labelled file played through the loop of the product: how many labels a task like it needs."""
