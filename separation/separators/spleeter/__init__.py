"""Spleeter: vocals and accompaniment by two small U-Nets."""
