"""The first error of a form in one line."""

from django import forms


def first_error(form: forms.Form) -> str:
    field, sentences = next(iter(form.errors.items()))
    label = form.fields[field].label or field if field in form.fields else ""
    return f"{label}: {sentences[0]}" if label else str(sentences[0])
