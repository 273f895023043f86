from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class StemsiteConfig(AppConfig):
    name = "stemsite"

    def ready(self) -> None:
        import_module("stemsite.checks")
        # For the administration. A subclass of its configuration would hide the type of the
        # accounts from the type checker.
        apps.get_app_config("auth").verbose_name = _("People and what they may do")
