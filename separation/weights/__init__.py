"""Weights that the repository carries, each with a digest; ``docs/models/`` has their cards."""
