"""A mix of delivered stems as one file: volume, pan, range and speed, as the portal's mixer plays.

``request`` says what a person may ask for and imports no arrays, so that a web server can; the rest
runs in a process of its own (``python -m separation.mixdown``).
"""
