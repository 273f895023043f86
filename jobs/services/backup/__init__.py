"""Backups of a whole site, and their restoration."""
