"""API tokens: made with a password, used in ``Authorization: Token ...``, given up at will."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from jobs.api.schema import refusals
from jobs.api.serializers.site import CredentialsSerializer, TokenSerializer
from jobs.services.errors import JobConflict


class TokenView(APIView):
    throttle_scope: str | None = None

    def get_permissions(self) -> list[AllowAny | IsAuthenticated]:
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    def get_throttles(self) -> list[BaseThrottle]:
        self.throttle_scope = "token" if self.request.method == "POST" else None
        return super().get_throttles()

    @extend_schema(
        operation_id="token_create",
        summary="Get a token",
        auth=[],
        request=CredentialsSerializer,
        responses={201: TokenSerializer, **refusals(400, 401)},
    )
    def post(self, request: Request) -> Response:
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        user = authenticate(
            request._request, username=values["username"], password=values["password"]
        )
        if user is None:
            raise AuthenticationFailed("The user name or the password is wrong.")
        days = min(values.get("expires_in_days", settings.TOKEN_DAYS), settings.TOKEN_DAYS)
        row, token = AuthToken.objects.create(user=user, expiry=timedelta(days=days))
        answer = TokenSerializer({"token": token, "expiry": row.expiry})
        return Response(answer.data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="token_delete",
        summary="Give up the token of this request",
        request=None,
        responses={204: None, **refusals(401, 409)},
    )
    def delete(self, request: Request) -> Response:
        if not isinstance(request.auth, AuthToken):
            raise JobConflict("This request carries no token: it is signed in by a session.")
        request.auth.delete()
        return Response(status=204)
