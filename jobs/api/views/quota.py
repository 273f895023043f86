"""What the account may use and has used."""

from typing import TYPE_CHECKING, cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.api.schema import refusals
from jobs.api.serializers.site import QuotaSerializer
from jobs.services.quotas.allowance import allowance_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class QuotaView(APIView):
    @extend_schema(
        operation_id="quota",
        summary="Your limits, and how far they are used up",
        responses={200: QuotaSerializer, **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        allowance = allowance_of(cast("User", request.user))
        told = {
            "accepts_uploads": allowance.refusal is None,
            "detail": allowance.refusal,
            "own": {str(gauge.kind): gauge for gauge in allowance.own},
            "shared": allowance.shared,
        }
        headers = {"Cache-Control": "private, no-store"}
        return Response(QuotaSerializer(told).data, headers=headers)
