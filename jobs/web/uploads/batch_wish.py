"""What the upload form says about batches."""

from typing import TYPE_CHECKING, Any

from django import forms

from jobs.models import Batch
from jobs.services.batches.actions import batch_of_form

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class BatchWish(forms.Form):
    """Beside the choices of the upload form. ``batch`` and ``songs`` are the page's script's: its
    songs come one by one, and say so what they belong to and how many they are."""

    notify_by_email = forms.BooleanField(required=False)
    batch = forms.UUIDField(required=False)
    songs = forms.IntegerField(min_value=1, required=False)

    def batch_for(self, owner: "User", *, songs: int | None = None) -> Batch | None:
        """None for a lone song of whose end nobody asked to be told.

        ``songs``: how many the form holds, where it holds them itself. Raises what
        ``batch_of_form`` does.
        """
        wish: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        notify = bool(wish.get("notify_by_email"))
        count = wish.get("songs") if songs is None else songs
        key = wish.get("batch") if songs is None else None
        # Without a key, songs that come one by one would each get a batch of their own.
        are_together = (count or 1) > 1 and (songs is not None or key is not None)
        if not (notify or are_together):
            return None
        return batch_of_form(owner=owner, key=key, notify_by_email=notify)
