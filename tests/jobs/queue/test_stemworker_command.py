import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command

from tests.factories import make_job


def test_check_says_that_nobody_works_and_fails(owner: User) -> None:
    make_job()
    said = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("stemworker", "--check", stdout=said)
    assert end.value.code == 1
    assert said.getvalue() == "No worker is running; 1 waiting, 0 running.\n"


def test_check_says_in_words_that_there_is_no_database_yet(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEMSITE_")}
    ended = subprocess.run(
        [sys.executable, "manage.py", "stemworker", "--check"],
        cwd=settings.BASE_DIR,
        env={**kept, "STEMSITE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "must have run once" in ended.stderr and "Traceback" not in ended.stderr
