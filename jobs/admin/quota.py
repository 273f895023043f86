"""Limits and their use on the pages of users and groups."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs.admin.limit_field import BytesField, LimitField
from jobs.models import QuotaLimit
from jobs.services.quotas.allowance import Gauge, allowance_of, use_of_group

if TYPE_CHECKING:
    _Form = forms.ModelForm[QuotaLimit]
    _FormSet = BaseInlineFormSet[QuotaLimit, Any, Any]
    _Stacked = admin.StackedInline[QuotaLimit, Any]
    _Users = UserAdmin[User]
else:
    _Form, _FormSet, _Stacked, _Users = (
        forms.ModelForm, BaseInlineFormSet, admin.StackedInline, UserAdmin,
    )  # fmt: skip

OF_USER = _(
    "Empty: as its groups give to each member, or else the site's settings. The word unlimited: no "
    "limit."
)
OF_GROUP = _(
    "Empty: this group says nothing. The word unlimited: no limit. For each member: of several "
    "groups of an account the most generous counts. For all members together: holds besides, also "
    "for members with a row of their own."
)
LIMITS = ("stored_bytes", "audio_minutes_per_day", "active_jobs", "running_jobs")


LABELS = {
    "username": _("User name"),
    "is_active": _("May log in"),
    "is_staff": _("May open the administration"),
    "is_superuser": _("May do everything"),
    "groups": _("Groups"),
    "user_permissions": _("Rights of this person alone"),
}
HELP_TEXTS = {
    "username": _("At most 150 characters: letters, digits and @/./+/-/_."),
    "is_active": _("Without it the account is closed for now, and nothing of it is lost."),
    "is_staff": _("Of the pages here, the person sees those that the rights below open."),
    "is_superuser": _("The person has every right, whatever stands below."),
    "groups": _("The person has the rights and the quota of each of these groups."),
    "user_permissions": _("Besides those of the groups."),
}


class LimitsForm(_Form):
    stored_bytes = BytesField(label=_("Storage"), help_text=_("Such as 50 GB."))
    audio_minutes_per_day = LimitField(label=_("Minutes of music in 24 hours"))
    active_jobs = LimitField(label=_("Songs waiting and running"))
    running_jobs = LimitField(label=_("Songs running at once"))


class QuotaInline(_Stacked):
    model = QuotaLimit
    form = LimitsForm
    verbose_name_plural = _("Quota")


class UserQuotaInline(QuotaInline):
    fieldsets = ((None, {"fields": LIMITS, "description": OF_USER}),)


class BothUses(_FormSet):
    """Shows an empty form for each row that a group lacks; Django stores no empty form."""

    def __init__(self, *args: Any, **options: Any) -> None:
        instance = options.get("instance")
        existing = {row.shared for row in instance.quota_limits.all()} if instance else set()
        missing = [shared for shared in (False, True) if shared not in existing]
        super().__init__(*args, **{**options, "initial": [{"shared": use} for use in missing]})


class GroupQuotaInline(QuotaInline):
    formset = BothUses
    max_num = 2
    extra = 2
    fieldsets = ((None, {"fields": ("shared", *LIMITS), "description": OF_GROUP}),)


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class AccountAdmin(_Users):
    readonly_fields = ("quota_use",)
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("Quota in use"), {"fields": ("quota_use",)}))

    def get_form(  # type: ignore[override]  # as Django's own class, not as its types
        self, request: HttpRequest, obj: User | None = None, **options: Any
    ) -> Any:
        words = {"labels": LABELS, "help_texts": HELP_TEXTS} if obj else {}
        return super().get_form(request, obj, **{**options, **words})

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        # Django creates an account in two steps; the limits belong to the second.
        return (UserQuotaInline,) if obj else ()

    @admin.display(description=_("In use"))
    def quota_use(self, user: User) -> str:
        allowance = allowance_of(user)
        return _lines((*allowance.own, *allowance.shared))


@admin.register(Group)
class MembersAdmin(GroupAdmin):
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("quota_use",) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("name", "permissions", *self.get_readonly_fields(request, obj))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (GroupQuotaInline,) if obj else ()

    @admin.display(description=_("In use by all members"))
    def quota_use(self, group: Group) -> str:
        return _lines(replace(gauge, group="", origin="") for gauge in use_of_group(group))


def _lines(gauges: Iterable[Gauge]) -> SafeString:
    rows = (
        (gauge.label, str(gauge), f", {gauge.state}" if gauge.state else "", _origin_words(gauge))
        for gauge in gauges
    )
    return format_html_join("", "<div>{}: {}{}{}</div>", rows)


def _origin_words(gauge: Gauge) -> str:
    if gauge.group:
        return f" (all of {gauge.group} together)"
    return f" (by {gauge.origin})" if gauge.origin else ""
