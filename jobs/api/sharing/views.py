"""The views that create, list and revoke share links."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.base_views import JobView
from jobs.api.schema import refusals
from jobs.api.sharing.serializers import (
    CreatedShareLinkSerializer,
    ShareChoicesSerializer,
    ShareLinkSerializer,
)
from jobs.http.addresses import link_address
from jobs.models import ShareLink
from jobs.services.sharing import create_link, revoke_link

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SharesView(JobView):
    @extend_schema(
        operation_id="shares_list",
        summary="The links to this job, newest first, ended ones for a while too",
        responses={200: ShareLinkSerializer(many=True), **refusals(401, 404)},
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        links = self.get_job(job_id).share_links.all()
        return Response(ShareLinkSerializer(links, many=True).data)

    @extend_schema(
        operation_id="shares_create",
        summary="Make a link by which people without an account hear stems of this job",
        request=ShareChoicesSerializer,
        responses={201: CreatedShareLinkSerializer, **refusals(400, 401, 404, 409)},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = self.get_job(job_id)
        serializer = ShareChoicesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        new = create_link(
            job=job, created_by=cast("User", request.user), **serializer.validated_data
        )
        address = link_address(request._request, new.token)
        answer = CreatedShareLinkSerializer(new.link, context={"url": address})
        return Response(answer.data, status=201, headers={"Cache-Control": "no-store"})


class ShareView(JobView):
    @extend_schema(
        operation_id="shares_revoke",
        summary="Revoke a link: from now on it leads nowhere",
        request=None,
        responses={204: None, **refusals(401, 404)},
    )
    def delete(self, request: Request, job_id: UUID, link_id: UUID) -> Response:
        job = self.get_job(job_id)
        link = ShareLink.objects.visible_to(request.user).filter(job=job, pk=link_id).first()
        if link is None:
            raise Http404("There is no such link.")
        revoke_link(link=link)
        return Response(status=204)
