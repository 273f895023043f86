"""Renders a mix of delivered stems as one file, with volume, pan, range and speed as in the mixer.

``request`` defines what a person can request. It does not import numpy, so that the web server can
import it. The other modules run in a separate process (``python -m separation.mixdown``).
"""
