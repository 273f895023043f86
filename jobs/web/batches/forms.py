"""What the forms of the pages say about batches."""

from typing import TYPE_CHECKING

from django import forms

from jobs.models.batch import MAX_NAME_LENGTH

if TYPE_CHECKING:
    pass


class BatchName(forms.Form):
    name = forms.CharField(label="Name", max_length=MAX_NAME_LENGTH)
