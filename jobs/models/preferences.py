"""Preferences: theme and language of one person, and the default options of their new songs."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the system has it")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Preferences(models.Model):
    """The row is created with the first choice. ``defaults`` holds only the fields of the upload
    form that the person chose. For all other fields the site's current defaults apply."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    language = models.CharField(
        max_length=8, blank=True, default="", help_text="Empty: as the browser asks."
    )
    defaults = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"{self.owner}: {self.theme}"
