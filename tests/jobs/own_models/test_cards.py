"""Cards of models whose names are alike: each is reached by its own label and text."""

import re
from collections import Counter
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client

from tests.separation.model_folders import put

ALIKE = ("a_b", "a-b", "ab", "A_b", "a.b")


def test_models_with_names_that_are_alike_have_ids_of_their_own(
    client: Client, owner: User, folder: Path
) -> None:
    for name in ALIKE:
        put(folder / name, "a.yaml", "a.ckpt")
    client.force_login(owner)

    page = client.get("/").content.decode()

    ids = Counter(re.findall(r'\sid="([^"]*)"', page))
    assert {f'value="msst:{name}"' in page for name in ALIKE} == {True}
    assert [each for each, count in ids.items() if count > 1] == []
    for attribute in ("for", "aria-labelledby", "aria-describedby"):
        meant = re.findall(rf'<(?:label|input)[^>]*\s{attribute}="([^"]*)"', page)
        assert {word for each in meant for word in each.split()} <= set(ids)
