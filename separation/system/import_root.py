"""Where the package lies: child processes in isolated mode are told it, as they know no path."""

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[1]
"""The folder ``separation``."""

IMPORT_ROOT: Final = PACKAGE.parent
"""What stands in ``sys.path`` so that ``import separation`` finds ``PACKAGE``."""
