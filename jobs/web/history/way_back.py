"""Where a form of the library, or of a set list, leads back to."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest) -> str:
    """The page that holds the form, from its field ``back``: one of the library or of a set list,
    never an address of another site."""
    address = request.POST.get("back", "")
    is_own = url_has_allowed_host_and_scheme(
        address, allowed_hosts=None, require_https=request.is_secure()
    )
    home = reverse("jobs:history")
    pages = (home, reverse("jobs:set-lists"))
    return address if is_own and address.startswith(pages) else home
