"""Training of the networks in ``separation/weights``; ``python -m separation.training --help``."""
