"""The forms of the account page."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.models.api_token import MAX_NAME_LENGTH
from jobs.models.preferences import Theme
from jobs.sentences import translated
from jobs.web.uploads import choices
from separation.stage_table import USUAL_STAGES

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme.choices)


def _presets() -> list[tuple[str, str]]:
    return [(name, translated(label)) for name, label in choices.preset_choices()]


class DefaultsForm(forms.Form):
    """An empty field follows the site's default, also when the operator changes it."""

    preset = forms.ChoiceField(
        label=_("Preset"), choices=_presets, initial=choices.OWN_CHOICE, required=False
    )
    model = forms.ChoiceField(label=_("Separator"), required=False)
    stages = forms.MultipleChoiceField(
        choices=[(name, label) for name, label, _ in choices.STAGE_BOXES],
        initial=list(USUAL_STAGES),
        error_messages={"required": _("Choose at least one thing to make.")},
    )
    format = forms.ChoiceField(label=_("Format"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cards = [(card.value, card.label) for card in choices.model_cards()]
        site = choices.card_value(settings.DEFAULT_SEPARATOR)
        self._offer("model", cards, site)
        self._offer("format", list(choices.FORMATS), choices.PAGE_FORMAT)

    def _offer(self, name: str, offered: list[tuple[str, str]], site: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        labels = [(value, translated(label)) for value, label in offered]
        usual = gettext("As the site has it: %(choice)s") % {"choice": dict(labels)[site]}
        field.choices = [("", usual), *labels]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME_LENGTH,
        help_text=_("Where it is used, such as laptop or backup script."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Made here, as the setting may change after this module was imported.
        self.fields["days"] = forms.IntegerField(
            label=_("Works for, in days"),
            min_value=1,
            max_value=settings.TOKEN_DAYS,
            initial=min(30, settings.TOKEN_DAYS),
            help_text=gettext("At most %(most)s.") % {"most": settings.TOKEN_DAYS},
        )


class ClosingForm(forms.Form):
    """Requires the user name as well, because people type their password by habit."""

    username = forms.CharField(
        max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, owner: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        self.fields["username"].label = gettext("Type %(name)s to confirm") % {
            "name": owner.get_username()
        }

    def clean_username(self) -> str:
        typed = str(self.cleaned_data["username"])
        if typed != self._owner.get_username():
            words = gettext("Type %(name)s, your user name.")
            raise forms.ValidationError(words % {"name": self._owner.get_username()})
        return typed

    def clean_password(self) -> str:
        typed = str(self.cleaned_data["password"])
        if not self._owner.check_password(typed):
            raise forms.ValidationError(gettext("That is not your password."))
        return typed
