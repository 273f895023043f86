"""Music source separation without a web framework: separators, stages, manifest, runner.

Nothing in this package imports Django; ``tests/test_architecture.py`` proves it.
"""

CODE_VERSION = "0.2.0"
