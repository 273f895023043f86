"""What all pages of the admin share."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    _Page = admin.ModelAdmin[Any]
    _Inline = admin.TabularInline[Any, Any]
else:
    _Page, _Inline = admin.ModelAdmin, admin.TabularInline


class ReadOnlyAdmin(_Page):
    """Rows change through services only: a form that saves would bypass their checks.

    ``empty_words``: what an empty list says about what belongs there.
    """

    empty_words: "StrPromise | str" = ""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["css/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The list and its actions need the permission. Without it one row's page has no form.
        return obj is None and super().has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request)


class ReadOnlyInline(_Inline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request)
