"""How good a separation is, as far as that can be told without the true stems.

:mod:`separation.quality.survey` reads the song and its stems once and measures them,
:mod:`separation.quality.verdict` says in words what that means, and
:mod:`separation.quality.report` is what of it goes into the manifest.
"""
