"""The form that renames a batch."""

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.models.batch import MAX_NAME_LENGTH


class BatchName(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME_LENGTH)
