from io import StringIO

import pytest
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
