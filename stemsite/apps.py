from importlib import import_module

from django.apps import AppConfig


class StemsiteConfig(AppConfig):
    name = "stemsite"

    def ready(self) -> None:
        import_module("stemsite.checks")
