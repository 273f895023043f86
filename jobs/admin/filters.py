"""Choices beside a list of the admin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices


class NamedEmptyFilter(admin.AllValuesFieldListFilter):
    """Every value that occurs; Django makes a link without words of the empty one."""

    def choices(self, changelist: ChangeList) -> "Iterator[_ListFilterChoices]":
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "None"}
