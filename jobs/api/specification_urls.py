from django.urls import URLPattern

app_name = "specification"
urlpatterns: list[URLPattern] = []
