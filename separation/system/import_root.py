"""The folder of the package, which child processes in isolated mode receive, as they inherit no
import path."""

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[1]
"""The folder ``separation``."""

IMPORT_ROOT: Final = PACKAGE.parent
"""The entry of ``sys.path`` with which ``import separation`` finds ``PACKAGE``."""
