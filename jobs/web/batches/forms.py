"""The form that renames a batch."""

from django import forms

from jobs.models.batch import MAX_NAME_LENGTH


class BatchName(forms.Form):
    name = forms.CharField(label="Name", max_length=MAX_NAME_LENGTH)
