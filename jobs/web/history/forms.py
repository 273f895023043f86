"""The search, the filters and the order of the library."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.http.job_filters import SORTS
from jobs.models.job import JobStatus


class HistoryFilter(forms.Form):
    """An invalid value is ignored."""

    search = forms.CharField(
        label=_("Search by title, artist or file"), max_length=200, required=False
    )
    status = forms.ChoiceField(choices=JobStatus.choices, required=False)
    separator = forms.ChoiceField(required=False)
    tag = forms.ChoiceField(required=False)
    batch = forms.ChoiceField(required=False)
    set_list = forms.ChoiceField(required=False)
    favourite = forms.BooleanField(required=False)
    sort = forms.ChoiceField(choices=tuple(SORTS.items()), required=False)

    def __init__(
        self, *args: Any, offered: dict[str, list[tuple[str, str]]], **kwargs: Any
    ) -> None:
        """``offered``: values and labels of the fields whose choices depend on the account."""
        super().__init__(*args, **kwargs)
        for name, choices in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    @property
    def chosen(self) -> dict[str, str]:
        """The filters with the names and values of the API's query."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether a filter is set; an order alone is none."""
        return bool(self.chosen.keys() - {"sort"})

    @property
    def sort_chosen(self) -> str:
        return self.chosen.get("sort", "newest")

    def labels(self, name: str) -> dict[str, str]:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        choices: Any = field.choices
        return {str(value): str(label) for value, label in choices}
