"""Each view parses, calls one function, answers."""
