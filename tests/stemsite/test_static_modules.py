"""Scripts import each other by names that change with their content."""

import re
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from pytest_django.fixtures import Settings

from stemsite.static_storage import ModuleStaticFilesStorage


def collected(folder: Path, modules: dict[str, str]) -> dict[str, str]:
    """Name under which each module is served, after ``collectstatic``'s work on it."""
    source = FileSystemStorage(folder / "source")
    storage = ModuleStaticFilesStorage(location=folder / "static", base_url="/static/")
    for name, code in modules.items():
        for root in (folder / "source", folder / "static"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(code)
    for _, _, processed in storage.post_process({name: (source, name) for name in modules}):
        if isinstance(processed, Exception):
            raise processed
    return {name: storage.stored_name(name) for name in modules}


FIRST = 'import { second } from "./second.js";\nsecond();\n'


def test_an_import_names_the_content_of_what_it_imports(tmp_path: Path) -> None:
    names = collected(tmp_path, {"js/first.js": FIRST, "js/second.js": "export const second = 1;"})
    code = (tmp_path / "static" / names["js/first.js"]).read_text()
    assert f'from "./{Path(names["js/second.js"]).name}";' in code


def test_another_content_is_another_name_for_whoever_imports_it(tmp_path: Path) -> None:
    one = collected(tmp_path / "1", {"js/first.js": FIRST, "js/second.js": "export let second;"})
    two = collected(tmp_path / "2", {"js/first.js": FIRST, "js/second.js": "export var second;"})
    assert one["js/first.js"] != two["js/first.js"]


def test_an_import_of_what_is_not_there_stops_the_collecting(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="second"):
        collected(tmp_path, {"js/first.js": FIRST})


@pytest.mark.slow
def test_all_imports_of_our_own_modules_are_renamed(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "collected"
    backend = "stemsite.static_storage.ModuleStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    ignored = ["admin", "rest_framework", "drf_spectacular_sidecar", "django_htmx", "css", "img"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=ignored)
    (main,) = (tmp_path / "collected/js/mixer").glob("main.????????????.js")
    imports = re.findall(r'from "\./([^"]+)"', main.read_text())
    assert imports
    for name in imports:
        assert re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", name), name
        assert (main.parent / name).is_file()
