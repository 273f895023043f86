"""Creates the first administrator through a link that works once.

``manage.py serve`` prints the link while there is no administrator. Anybody who can read the
server's terminal or its data directory can use the link. Nobody can guess it, and it is void as
soon as an administrator exists, however that one was created.
"""

import os
import secrets
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import UserCreationForm, UsernameField
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache


class AdministratorForm(UserCreationForm):  # type: ignore[type-arg]  # generic in stubs only
    class Meta:
        model = User
        fields = ("username", "email")
        # The widget has the autocomplete attribute that password managers need.
        field_classes: ClassVar = {"username": UsernameField}


def _token_file() -> Path:
    return Path(settings.DATA_DIR) / "setup_token"


def administrator_exists() -> bool:
    return get_user_model().objects.filter(is_superuser=True, is_active=True).exists()


def setup_path() -> str | None:
    """The path of the one-time link, created if needed; None if there is an administrator."""
    file = _token_file()
    if administrator_exists():
        file.unlink(missing_ok=True)
        return None
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(32))
    return reverse("setup", args=[file.read_text(encoding="ascii")])


def _token_is_right(token: str) -> bool:
    try:
        expected = _token_file().read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return secrets.compare_digest(token.encode(), expected.encode())


def _create_administrator(form: AdministratorForm) -> User | None:
    """Create the first administrator; None if another request was first."""
    with transaction.atomic():
        # On SQLite the transaction holds the write lock from its start, so two requests cannot
        # both find no administrator; on PostgreSQL the token file decides, as one unlink wins.
        if administrator_exists():
            return None
        try:
            _token_file().unlink()
        except FileNotFoundError:
            return None
        user: User = form.save(commit=False)
        user.is_staff = user.is_superuser = True
        user.save()
    return user


def _used(request: HttpRequest) -> HttpResponse:
    return render(request, "setup_used.html", status=410)


@never_cache
def setup(request: HttpRequest, token: str) -> HttpResponse:
    if administrator_exists():
        return _used(request)
    if not _token_is_right(token):
        raise Http404
    form = AdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _create_administrator(form)
        if user is None:
            return _used(request)
        login(request, user)
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "setup.html", {"form": form}, status=400 if form.errors else 200)
