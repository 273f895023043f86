"""Deliberate faults, one at a time, and whether a test notices each: ``make mutants``."""
