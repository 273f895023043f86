"""The account as a whole: its export, its limits and their use."""

from typing import TYPE_CHECKING, cast

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from jobs.api.schema import refusals
from jobs.api.site.serializers import QuotaSerializer
from jobs.http.export import export_response
from jobs.http.throttles import ExportThrottle
from jobs.services.quotas.allowance import allowance_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class ExportView(APIView):
    def get_throttles(self) -> list[BaseThrottle]:
        return [ExportThrottle()]

    @extend_schema(
        operation_id="account_export",
        summary="All that is stored about your account, as JSON",
        responses={200: OpenApiTypes.OBJECT, **refusals(401)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        return export_response(request._request, cast("User", request.user))


class QuotaView(APIView):
    @extend_schema(
        operation_id="quota",
        summary="Your limits, and how far they are used up",
        responses={200: QuotaSerializer, **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        allowance = allowance_of(cast("User", request.user))
        quota = {
            "accepts_uploads": allowance.refusal is None,
            "detail": allowance.refusal,
            "own": {str(gauge.kind): gauge for gauge in allowance.own},
            "shared": allowance.shared,
        }
        headers = {"Cache-Control": "private, no-store"}
        return Response(QuotaSerializer(quota).data, headers=headers)
