"""API tokens: the views that create, list and revoke them."""

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
        # Passwords have limits of their own, which do not count other accounts at the same address.
        return [] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(
        operation_id="token_create",
        summary="Get a token",
        auth=[],
        request=CredentialsSerializer,
        responses={201: TokenSerializer, **refusals(400, 401, 409)},
    )
    def post(self, request: Request) -> Response:
        serializer = CredentialsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
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
        summary="Your tokens, without their secrets",
        responses={200: ApiTokenSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        tokens = ApiToken.objects.visible_to(cast("User", request.user))
        serializer = ApiTokenSerializer(tokens, many=True, context={"request": request})
        return Response(serializer.data, headers=NO_STORE)

    @extend_schema(
        operation_id="tokens_create",
        summary="Make a token with a name",
        description="A token that is made with another token expires no later than that one.",
        request=WantedTokenSerializer,
        responses={201: MadeTokenSerializer, **refusals(400, 401, 409)},
    )
    def post(self, request: Request) -> Response:
        serializer = WantedTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = create_token(
            owner=cast("User", request.user),
            name=serializer.validated_data["name"],
            days=serializer.validated_data.get("expires_in_days"),
            until=request.auth.expiry if isinstance(request.auth, ApiToken) else None,
        )
        made.row.token = made.secret
        response = MadeTokenSerializer(made.row, context={"request": request})
        return Response(response.data, status=201, headers=NO_STORE)


class OneTokenView(APIView):
    @extend_schema(
        operation_id="tokens_revoke",
        summary="Revoke a token",
        request=None,
        responses={204: None, **refusals(401, 404)},
    )
    def delete(self, request: Request, token_id: UUID) -> Response:
        tokens = ApiToken.objects.visible_to(cast("User", request.user))
        token = tokens.filter(public_id=token_id).first()
        if token is None:
            raise Http404("There is no such token.")
        revoke_token(token=token)
        return Response(status=204)
