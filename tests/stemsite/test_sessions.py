"""A copy of the database opens no session."""

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from stemsite.sessions import SessionStore


def test_the_key_of_a_session_is_not_in_the_database(client: Client, owner: User) -> None:
    client.force_login(owner)
    key = client.cookies["sessionid"].value
    assert client.get("/account/").status_code == 200
    assert Session.objects.count() == 1
    assert key not in str(list(Session.objects.values()))


def test_what_is_stored_is_no_key(client: Client, owner: User) -> None:
    client.force_login(owner)
    thief = Client()
    thief.cookies["sessionid"] = Session.objects.get().session_key
    assert thief.get("/account/").status_code == 302


def test_who_logs_out_leaves_nothing(client: Client, owner: User) -> None:
    client.force_login(owner)
    client.post("/accounts/logout/")
    assert not Session.objects.filter(session_key__in=[client.cookies["sessionid"].value]).exists()
    assert not Session.objects.exists()


def test_a_session_is_kept_changed_and_deleted(db: None) -> None:
    store = SessionStore()
    store["a"] = 1
    store.create()
    key = store.session_key
    assert key is not None and SessionStore().exists(key)
    again = SessionStore(key)
    again["b"] = 2
    again.save()
    assert dict(SessionStore(key).items()) == {"a": 1, "b": 2} or SessionStore(key)["b"] == 2
    SessionStore().delete(key)
    assert SessionStore(key).load() == {}
    assert not Session.objects.exists()


def test_an_odd_key_opens_nothing(db: None) -> None:
    for key in ("x" * 5000, "\udc80" * 20, "' OR 1=1 --"):
        assert SessionStore(key).load() == {}
