"""Runs models in the layout of Music-Source-Separation-Training: a YAML beside a checkpoint."""
