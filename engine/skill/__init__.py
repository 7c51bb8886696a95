"""How good the maps are: what they swept against what was liquidated, out of sample, with honest intervals."""
