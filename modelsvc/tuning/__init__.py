"""How an encoder learns: the parts of one training, each a switch with its ablation."""
