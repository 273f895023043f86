"""The fields of the upload form about batches."""

from typing import TYPE_CHECKING, Any

from django import forms

from jobs.models import Batch
from jobs.services.batches.actions import batch_of_form

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class BatchForm(forms.Form):
    """The fields of the upload form about batches. The page's script sends songs one by one; it
    sets ``batch``, a key of the batch that they belong to, and ``songs``, their number."""

    notify_by_email = forms.BooleanField(required=False)
    batch = forms.UUIDField(required=False)
    songs = forms.IntegerField(min_value=1, required=False)

    def batch_for(self, owner: "User", *, songs: int | None = None) -> Batch | None:
        """The batch of the form's songs; None for a single song without a notification.

        ``songs``: the number of files in the form; None where the script sends them one by one.
        Raises the errors of ``batch_of_form``.
        """
        fields: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        notify = bool(fields.get("notify_by_email"))
        count = fields.get("songs") if songs is None else songs
        key = fields.get("batch") if songs is None else None
        # Without a key, each song that comes by itself would get a batch of its own.
        are_together = (count or 1) > 1 and (songs is not None or key is not None)
        if not (notify or are_together):
            return None
        return batch_of_form(owner=owner, key=key, notify_by_email=notify)
