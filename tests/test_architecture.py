"""The boundaries that everything else relies on, proved rather than promised."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_loading_the_whole_site_imports_no_library_that_computes(tmp_path: Path) -> None:
    code = (
        "import sys, django; django.setup(); import stemsite.urls, stemsite.wsgi;"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "import jobs.worker.tasks;"
        "print(sorted({'torch', 'demucs', 'librosa', 'torchaudio', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "stemsite.settings", "STEMSITE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
