"""Estimates the quality of a separation without the true stems.

:mod:`separation.quality.measurement` reads the song and its stems once and measures them.
:mod:`separation.quality.rating` derives the report from the measurements, and
:mod:`separation.quality.report` defines the report as the manifest stores it.
"""
