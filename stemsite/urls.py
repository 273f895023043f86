"""All addresses of the site."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from jobs.api.site.docs_views import UnknownView
from stemsite.password_reset import ResetView
from stemsite.setup import setup

admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.index_title = _("Administration")
# The admin uses the site's log-in form, as its own form has no limit of tries.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("setup/<str:token>/", setup, name="setup"),
    path("admin/", admin.site.urls),
    path("accounts/password/reset/", ResetView.as_view(), name="account_reset_password"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("jobs.api.urls")),
    path("api", UnknownView.as_view(schema=None)),
    path("api/", UnknownView.as_view(schema=None)),
    path("api/<path:rest>", UnknownView.as_view(schema=None)),
    path("", include("jobs.api.specification_urls")),
    path("", include("jobs.web.urls")),
]
