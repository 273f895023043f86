"""The form and the list of share links on a job's page."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from jobs.models.share_link import MAX_LABEL_LENGTH
from jobs.services.sharing import USUAL_DAYS, title_of
from jobs.wording import track_label

_PERIODS = (
    (1, _("1 day")), (7, _("1 week")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year")),
)  # fmt: skip


class ShareForm(forms.Form):
    """By default all stems for a week, to listen to, as most people want."""

    stems = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one stem to share.")},
    )
    days = forms.TypedChoiceField(label=_("Works for"), coerce=int)
    label = forms.CharField(
        label=_("Note for yourself"), max_length=MAX_LABEL_LENGTH, required=False
    )
    show_title = forms.BooleanField(required=False)
    allow_download = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict | None = None, *, stems: list[str]) -> None:
        # Ids with a prefix, as the page has other forms.
        super().__init__(data, auto_id="share_%s")
        self._offer("stems", [(name, track_label(name)) for name in stems], stems)
        self._offer("days", periods(), min(USUAL_DAYS, settings.SHARE_MAX_DAYS))

    def _offer(self, name: str, choices: list[tuple[Any, str]], initial: object) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = initial

    @property
    def choices(self) -> dict[str, Any]:
        """Arguments of ``create_link``. A download shows the title, which files have as a tag."""
        chosen = self.cleaned_data
        return {
            "stems": chosen["stems"],
            "expires_in_days": chosen["days"],
            "label": chosen["label"],
            "allow_download": chosen["allow_download"],
            "show_title": chosen["show_title"] or chosen["allow_download"],
        }


def periods() -> list[tuple[int, str]]:
    """The usual periods that the site allows, and the longest allowed one."""
    most = settings.SHARE_MAX_DAYS
    usual = [(days, str(words)) for days, words in _PERIODS if days <= most]
    known = {days for days, _ in usual}
    return usual if most in known else [*usual, (most, gettext("%(days)s days") % {"days": most})]


def sharing_context(job: Job, stems: list[str]) -> dict[str, Any]:
    """``stems`` are those of the mixer. Empty without stems, or where STEMSITE_SHARE is off."""
    if not settings.SHARE or not stems:
        return {}
    return {
        "share_form": ShareForm(stems=stems),
        "share_links": list(job.share_links.all()),
        "share_title": title_of(job),
    }
