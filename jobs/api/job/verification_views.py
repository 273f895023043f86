"""Verifying a job: the request, and the last result."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.base_views import JobView
from jobs.api.schema import refusals
from jobs.http.downloads import check_downloadable
from jobs.models import Verification
from jobs.models.verification import VerificationState
from jobs.services.verification import request_verification, verification_of


class VerificationSerializer(serializers.ModelSerializer[Verification]):
    """While `state` is `waiting`, the other fields tell of the check before."""

    state = serializers.ChoiceField(choices=VerificationState.choices, read_only=True)
    problems = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Verification
        fields = ("state", "requested_at", "checked_at", "files", "problems")
        read_only_fields = fields


_NEVER: dict[str, Any] = {
    "state": VerificationState.NONE,
    "requested_at": None,
    "checked_at": None,
    "files": 0,
    "problems": [],
}


class VerifyView(JobView):
    @extend_schema(
        operation_id="jobs_verification",
        summary="The result of the last verification",
        responses={200: VerificationSerializer, **refusals(401, 404)},
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        row = verification_of(self.get_job(job_id))
        return Response(_NEVER if row is None else VerificationSerializer(row).data)

    @extend_schema(
        operation_id="jobs_verify",
        summary="Compare every file of a job, and its manifest, with their digests",
        description="A worker does it; GET tells the result.",
        request=None,
        responses={202: VerificationSerializer, **refusals(401, 404, 409, 410)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = self.get_job(job_id)
        check_downloadable(job)
        row = request_verification(job=job)
        return Response(VerificationSerializer(row).data, status=202)
