"""Preferences: how the pages look to one person, and what their new songs start with."""

from django.conf import settings
from django.db import models


class Theme(models.TextChoices):
    SYSTEM = "system", "As the system has it"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Preferences(models.Model):
    """Made when something is first chosen. ``defaults`` holds fields of the upload form, and only
    those that were chosen: for the rest the site's own hold, also when these change."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    defaults = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"{self.owner}: {self.theme}"
