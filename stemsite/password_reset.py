"""A forgotten password on a site that sends no e-mail."""

from allauth.account.views import PasswordResetView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.services.email import mail_is_set_up


class ResetView(PasswordResetView):  # type: ignore[misc]  # allauth has no types
    """allauth's page; without a mail server it says so and makes no link.

    Django would print the link, which opens the account, into the log of the site.
    """

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if mail_is_set_up():
            answer: HttpResponse = super().post(request, *args, **kwargs)
            return answer
        refusal: HttpResponse = self.render_to_response(self.get_context_data(), status=409)
        return refusal
