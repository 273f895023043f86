"""API tokens: made with a password, used in ``Authorization: Token ...``, given up at will."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib.auth import authenticate
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from jobs.api.account.token_serializers import (
    ApiTokenSerializer,
    MadeTokenSerializer,
    WantedTokenSerializer,
)
from jobs.api.schema import refusals
from jobs.api.site.serializers import CredentialsSerializer, TokenSerializer
from jobs.errors import JobConflict
from jobs.models import ApiToken
from jobs.services.account.tokens import create_token, revoke_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NO_STORE = {"Cache-Control": "no-store"}


class TokenView(APIView):
    def get_permissions(self) -> list[AllowAny | IsAuthenticated]:
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    def get_throttles(self) -> list[BaseThrottle]:
        # Passwords have limits of their own, which close no door to others at the same address.
        return [] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(
        operation_id="token_create",
        summary="Get a token",
        auth=[],
        request=CredentialsSerializer,
        responses={201: TokenSerializer, **refusals(400, 401, 409)},
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
        made = create_token(
            owner=user,
            name=values.get("name", ""),
            days=values.get("expires_in_days"),
        )
        answer = TokenSerializer({"token": made.secret, "expiry": made.row.expiry})
        return Response(answer.data, status=201, headers=NO_STORE)

    @extend_schema(
        operation_id="token_delete",
        summary="Give up the token of this request",
        request=None,
        responses={204: None, **refusals(401, 409)},
    )
    def delete(self, request: Request) -> Response:
        if not isinstance(request.auth, ApiToken):
            raise JobConflict("This request carries no token: it is signed in by a session.")
        revoke_token(token=request.auth)
        return Response(status=204)


class TokensView(APIView):
    @extend_schema(
        operation_id="tokens",
        summary="Your tokens, without what they open",
        responses={200: ApiTokenSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        mine = ApiToken.objects.visible_to(cast("User", request.user))
        told = ApiTokenSerializer(mine, many=True, context={"request": request})
        return Response(told.data, headers=NO_STORE)

    @extend_schema(
        operation_id="tokens_create",
        summary="Make a token with a name",
        description="Asked for with a token, it expires no later than that one.",
        request=WantedTokenSerializer,
        responses={201: MadeTokenSerializer, **refusals(400, 401, 409)},
    )
    def post(self, request: Request) -> Response:
        given = WantedTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = create_token(
            owner=cast("User", request.user),
            name=given.validated_data["name"],
            days=given.validated_data.get("expires_in_days"),
            until=request.auth.expiry if isinstance(request.auth, ApiToken) else None,
        )
        made.row.token = made.secret
        told = MadeTokenSerializer(made.row, context={"request": request})
        return Response(told.data, status=201, headers=NO_STORE)


class OneTokenView(APIView):
    @extend_schema(
        operation_id="tokens_revoke",
        summary="Revoke a token",
        request=None,
        responses={204: None, **refusals(401, 404)},
    )
    def delete(self, request: Request, token_id: UUID) -> Response:
        mine = ApiToken.objects.visible_to(cast("User", request.user))
        token = mine.filter(public_id=token_id).first()
        if token is None:
            raise Http404("There is no such token.")
        revoke_token(token=token)
        return Response(status=204)
