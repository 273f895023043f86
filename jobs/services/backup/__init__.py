"""Copies of a whole site, and the way back."""
