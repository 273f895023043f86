"""The views that create, list, read, change, cancel, retry and delete batches."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.api.batches.serializers import (
    BatchChangeSerializer,
    BatchOutcomeSerializer,
    BatchSerializer,
)
from jobs.api.job.download_views import AnythingAccepted
from jobs.api.job.views import revalidated
from jobs.api.schema import IF_NONE_MATCH, refusals
from jobs.http.archive import archive_response
from jobs.models import Batch
from jobs.models.batch import BatchQuerySet
from jobs.services.archive import batch_zip
from jobs.services.batches.actions import (
    cancel_batch,
    change_batch,
    create_batch,
    delete_batch,
    retry_batch,
)
from jobs.services.batches.progress import progress_of_batches
from jobs.services.job.bulk import BulkOutcome


def batch_of(request: Request, batch_id: UUID) -> Batch:
    """The account's own batch. Raises ``Http404`` for any other."""
    batches = Batch.objects.visible_to(request.user).select_related("owner")
    batch = batches.filter(pk=batch_id).first()
    if batch is None:
        raise Http404("There is no such batch.")
    return batch


def serialized(batches: Iterable[Batch], **options: Any) -> BatchSerializer:
    listed = list(batches)
    sights = progress_of_batches(batch.pk for batch in listed)
    return BatchSerializer(
        listed if options.get("many") else listed[0], context={"sights": sights}, **options
    )


class BatchesView(GenericAPIView[Batch]):
    serializer_class = BatchSerializer

    def get_queryset(self) -> BatchQuerySet:
        return Batch.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="batches_list",
        summary="Your batches, newest first",
        responses={200: BatchSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(serialized(page or [], many=True).data)

    @extend_schema(
        operation_id="batches_create",
        summary="Create a batch for songs",
        request=BatchChangeSerializer,
        responses={201: BatchSerializer, **refusals(400, 401)},
    )
    def post(self, request: Request) -> Response:
        serializer = BatchChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        batch = create_batch(owner=cast("User", request.user), **serializer.validated_data)
        headers = {"Location": reverse("api:batch", args=[batch.pk])}
        return Response(serialized([batch]).data, status=201, headers=headers)


class BatchView(APIView):
    @extend_schema(
        operation_id="batches_read",
        summary="One batch with its progress",
        parameters=[IF_NONE_MATCH],
        responses={
            200: BatchSerializer,
            304: OpenApiResponse(description="Nothing has changed since that ETag."),
            **refusals(401, 404),
        },
    )
    def get(self, request: Request, batch_id: UUID) -> HttpResponseBase:
        return revalidated(request, serialized([batch_of(request, batch_id)]).data)

    @extend_schema(
        operation_id="batches_change",
        summary="Rename a batch, or ask for an e-mail",
        request=BatchChangeSerializer,
        responses={200: BatchSerializer, **refusals(400, 401, 404)},
    )
    def patch(self, request: Request, batch_id: UUID) -> Response:
        batch = batch_of(request, batch_id)
        serializer = BatchChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serialized([change_batch(batch=batch, **serializer.validated_data)]).data)

    @extend_schema(
        operation_id="batches_delete",
        summary="Delete an ended batch with all its songs and files",
        responses={204: None, **refusals(401, 404, 409)},
    )
    def delete(self, request: Request, batch_id: UUID) -> Response:
        delete_batch(batch=batch_of(request, batch_id))
        return Response(status=204)


class BatchRetryView(APIView):
    @extend_schema(
        operation_id="batches_retry",
        summary="Run its failed and cancelled songs again",
        request=None,
        responses={200: BatchOutcomeSerializer, **refusals(401, 404)},
    )
    def post(self, request: Request, batch_id: UUID) -> Response:
        batch = batch_of(request, batch_id)
        return _outcome(batch, retry_batch(batch=batch))


class BatchCancelView(APIView):
    @extend_schema(
        operation_id="batches_cancel",
        summary="Cancel its songs that wait, run or still arrive",
        request=None,
        responses={200: BatchOutcomeSerializer, **refusals(401, 404)},
    )
    def post(self, request: Request, batch_id: UUID) -> Response:
        batch = batch_of(request, batch_id)
        return _outcome(batch, cancel_batch(batch=batch))


def _outcome(batch: Batch, outcome: BulkOutcome) -> Response:
    refused = [{"job_id": job.pk, "detail": reason} for job, reason in outcome.refused]
    answer = {"done": outcome.done, "refused": refused, "batch": serialized([batch]).data}
    return Response(answer)


class BatchDownloadView(APIView):
    content_negotiation_class = AnythingAccepted

    @extend_schema(
        operation_id="batches_download_all",
        summary="All results as one ZIP, a folder for each song",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **refusals(401, 404, 409)},
    )
    def get(self, request: Request, batch_id: UUID) -> HttpResponseBase:
        return archive_response(request._request, batch_zip(batch_of(request, batch_id)))
