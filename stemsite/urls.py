"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from stemsite.setup import setup

urlpatterns = [
    path("setup/<str:token>/", setup, name="setup"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("jobs.api.urls")),
    path("", include("jobs.api.specification_urls")),
    path("", include("jobs.web.urls")),
]
