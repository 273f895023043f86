"""Filters beside the lists of the admin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices


class NamedEmptyFilter(admin.AllValuesFieldListFilter):
    """A link for every value that occurs; Django's link for the empty value has no text."""

    def choices(self, changelist: ChangeList) -> "Iterator[_ListFilterChoices]":
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "None"}
