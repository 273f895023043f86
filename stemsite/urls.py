"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("jobs.api.urls")),
    path("", include("jobs.api.specification_urls")),
    path("", include("jobs.web.urls")),
]
