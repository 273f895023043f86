"""What the upload form starts with."""

import re
from html import unescape

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.models import Job, Preferences
from jobs.services.account.preferences import defaults_of, set_defaults
from jobs.web.uploads.defaults import starting_choices
from tests.factories import wav_bytes

CHOSEN = {
    "model": "spectral:spectral",
    "stages": ["separation", "normalization"],
    "format": "wav16",
}


def chosen_on(page: str) -> dict[str, list[str]]:
    """What a browser would send of the radio buttons, boxes and menus of the upload form."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*\schecked[^>]*>", page):
        name, value = (re.search(rf'\s{key}="([^"]*)"', tag) for key in ("name", "value"))
        assert name and value
        found.setdefault(name[1], []).append(unescape(value[1]))
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.S):
        selected = re.search(r'<option value="([^"]*)" selected', options)
        if selected:
            found[name] = [selected[1]]
    return found


def test_the_upload_form_starts_with_what_was_chosen_and_makes_it(
    member: Client, owner: User
) -> None:
    assert member.post("/account/defaults/", CHOSEN).status_code == 302
    form = chosen_on(member.get("/").content.decode())
    assert form["model"] == ["spectral:spectral"]
    assert form["stages"] == CHOSEN["stages"]
    assert form["format"] == ["wav16"]
    member.post("/", {**form, "files": [SimpleUploadedFile("a.wav", wav_bytes())]})
    request = Job.objects.get().request
    assert request["separator"] == "spectral" and request["format"] == "wav16"
    assert request["stages"] == CHOSEN["stages"]


def test_who_has_chosen_nothing_starts_with_the_preset_of_the_site(
    member: Client, owner: User
) -> None:
    assert chosen_on(member.get("/").content.decode())["preset"] == ["stems"]
    member.post("/account/defaults/", CHOSEN)
    assert chosen_on(member.get("/").content.decode())["preset"] == [""]


def test_a_preset_of_one_s_own_comes_with_the_format_that_was_chosen(
    member: Client, owner: User
) -> None:
    member.post("/account/defaults/", {**CHOSEN, "preset": "karaoke"})
    page = member.get("/account/").content.decode()
    assert chosen_on(page)["preset"] == ["karaoke"]
    form = chosen_on(member.get("/").content.decode())
    assert (form["preset"], form["format"]) == (["karaoke"], ["wav16"])
    member.post("/", {**form, "files": [SimpleUploadedFile("a.wav", wav_bytes())]})
    request = Job.objects.get().request
    assert (request["preset"], request["two_stems"]) == ("karaoke", "vocals")
    assert (request["separator"], request["format"]) == ("auto", "wav16")


def test_the_account_page_shows_them_again(member: Client) -> None:
    member.post("/account/defaults/", CHOSEN)
    form = chosen_on(member.get("/account/").content.decode())
    assert {name: form[name] for name in ("model", "format")} == {
        "model": ["spectral:spectral"],
        "format": ["wav16"],
    }
    assert form["stages"] == CHOSEN["stages"]


def test_what_is_left_to_the_site_follows_the_site(
    member: Client, owner: User, settings: Settings
) -> None:
    member.post("/account/defaults/", {"model": "", "format": "", "stages": ["separation"]})
    assert defaults_of(owner) == {"stages": ["separation"]}
    settings.DEFAULT_SEPARATOR = "spectral"
    assert chosen_on(member.get("/").content.decode())["model"] == ["spectral:spectral"]


def test_a_model_that_is_no_longer_offered_gives_way_to_the_sites(
    member: Client, owner: User
) -> None:
    set_defaults(
        owner=owner, chosen={"model": "remote", "stages": ["separation", "gone"], "format": "wma"}
    )
    assert starting_choices(owner) == {"stages": ["separation"]}
    assert chosen_on(member.get("/").content.decode())["model"] == ["auto"]


def test_the_choices_of_one_are_not_those_of_another(
    client: Client, owner: User, stranger: User
) -> None:
    set_defaults(owner=owner, chosen=CHOSEN)
    client.force_login(stranger)
    assert chosen_on(client.get("/").content.decode())["model"] == ["auto"]


def test_what_cannot_be_is_refused_in_words(member: Client) -> None:
    for wrong, told in (
        ({"stages": []}, "Choose at least one thing to make."),
        ({**CHOSEN, "model": "demucs:none"}, "demucs:none is not one of the available choices"),
    ):
        answer = member.post("/account/defaults/", wrong)
        assert answer.status_code == 400
        assert told in answer.content.decode()
    assert not Preferences.objects.exists()


def test_a_form_that_is_shown_again_keeps_what_was_sent_with_it(
    member: Client, owner: User
) -> None:
    set_defaults(owner=owner, chosen=CHOSEN)
    answer = member.post("/", {"model": "auto", "stages": ["separation"], "format": "mp3"})
    form = chosen_on(answer.content.decode())
    assert (form["model"], form["format"]) == (["auto"], ["mp3"])
