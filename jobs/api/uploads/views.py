"""The views of uploads: announced with JSON or by tus, sent whole or in pieces, terminated."""

from contextlib import closing
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from jobs.api.batch_choice import named_batch
from jobs.api.parsers import JSONParser
from jobs.api.schema import CONTENT_RANGE, TUS_CREATE, TUS_SEND, TUS_STATE, refusals
from jobs.api.uploads import tus
from jobs.api.uploads.choices import choice_fields, read_choices
from jobs.api.uploads.ranges import check_fits, put_offset
from jobs.api.uploads.serializers import NewUploadSerializer, UploadStateSerializer
from jobs.http.bodies import blocks, declared_length
from jobs.models import Upload
from jobs.models.upload import UploadQuerySet
from jobs.services.job.request_validation import check_request, request_with_defaults
from jobs.services.uploads.session import begin_upload, finish_if_complete, receive, terminate
from separation.errors import InvalidOptions


class TusView(APIView):
    """Adds the headers that tus requires of every answer, and answers OPTIONS."""

    parser_classes = (JSONParser,)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204, headers=tus.capabilities())

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if request.method == "HEAD":
            response.data = None  # the answer to HEAD has no body
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Tus-Resumable"] = tus.VERSION
        if final.status_code == 412:
            final["Tus-Version"] = tus.VERSION
        if final.status_code == 460:
            final.reason_phrase = "Checksum Mismatch"
        return final

    def get_queryset(self) -> UploadQuerySet:
        return Upload.objects.visible_to(self.request.user)


class UploadsView(TusView):
    throttle_scope: str | None = None

    def get_throttles(self) -> list[BaseThrottle]:
        self.throttle_scope = "upload" if self.request.method == "POST" else None
        return super().get_throttles()

    @extend_schema(
        operation_id="uploads_list",
        summary="Your unfinished uploads, newest first",
        responses={200: UploadStateSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        uploads = self.get_queryset().resumable()
        return Response(UploadStateSerializer(uploads, many=True).data)

    @extend_schema(
        operation_id="uploads_create",
        summary="Announce an upload and reserve its room",
        parameters=TUS_CREATE,
        request=NewUploadSerializer,
        responses={201: UploadStateSerializer, **refusals(400, 401, 412, 413, 503)},
    )
    def post(self, request: Request) -> Response:
        if tus.is_tus(request):
            return self._tus_create(request)
        serializer = NewUploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        name, size_bytes = values["name"], values["size_bytes"]
        upload = _begin(request, name, size_bytes, values.get("options"), values.get("batch"))
        headers = {"Location": reverse("api:upload", args=[upload.pk])}
        return Response(UploadStateSerializer(upload).data, status=201, headers=headers)

    def _tus_create(self, request: Request) -> Response:
        tus.check_version(request)
        metadata = tus.upload_metadata(request)
        name = metadata.get("filename") or metadata.get("name") or "song"
        options = tus.metadata_options(metadata)
        length = tus.upload_length(request)
        upload = _begin(request, name, length, options, metadata.get("batch"))
        if declared_length(request._request):
            tus.check_content_type(request)
            upload = _send(request, upload, 0)
        location = {"Location": reverse("api:upload", args=[upload.pk])}
        return Response(status=201, headers={**tus.progress_headers(upload), **location})


class UploadView(TusView):
    """One upload of the account; any other is answered with 404."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = request.headers.get("X-HTTP-Method-Override")
        if request.method == "POST" and method in tus.OVERRIDABLE:
            request.method = method
        return super().dispatch(request, *args, **kwargs)

    def get_upload(self, upload_id: UUID) -> Upload:
        upload = self.get_queryset().filter(pk=upload_id).first()
        if upload is None:
            raise Http404("There is no such upload.")
        return upload

    @extend_schema(
        operation_id="uploads_read",
        summary="The offset of an upload, and its song and job when it is complete",
        responses={200: UploadStateSerializer, **refusals(400, 401, 404, 415, 423)},
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        upload = finish_if_complete(self.get_upload(upload_id))
        headers = {"Cache-Control": "no-store"}
        return Response(UploadStateSerializer(upload).data, headers=headers)

    @extend_schema(
        operation_id="uploads_offset",
        summary="The offset of an upload, as headers (tus)",
        parameters=TUS_STATE,
        responses={200: None, **refusals(401, 404, 412, 423)},
    )
    def head(self, request: Request, upload_id: UUID) -> Response:
        tus.check_version(request)
        upload = finish_if_complete(self.get_upload(upload_id))
        headers = {**tus.progress_headers(upload), **tus.description_headers(upload)}
        return Response(headers=headers)

    @extend_schema(
        operation_id="uploads_append",
        summary="Send bytes at an offset (tus)",
        parameters=TUS_SEND,
        request={tus.CONTENT_TYPE: OpenApiTypes.BINARY},
        responses={
            204: OpenApiResponse(
                description="The bytes have arrived; Upload-Offset is the new offset."
            ),
            **refusals(400, 401, 404, 409, 412, 413, 415, 423, 460, 503),
        },
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        tus.check_version(request, required=True)
        tus.check_content_type(request)
        offset = tus.header_number(request, "Upload-Offset")
        upload = _send(request, self.get_upload(upload_id), offset)
        return Response(status=204, headers=tus.progress_headers(upload))

    @extend_schema(
        operation_id="uploads_send",
        summary="Send the whole file, or the part that Content-Range names",
        parameters=CONTENT_RANGE,
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: UploadStateSerializer, **refusals(400, 401, 404, 409, 413, 415, 423, 503)},
    )
    def put(self, request: Request, upload_id: UUID) -> Response:
        upload = self.get_upload(upload_id)
        return Response(
            UploadStateSerializer(_send(request, upload, put_offset(request, upload))).data
        )

    @extend_schema(
        operation_id="uploads_terminate",
        summary="Cancel an upload, and the job that came of it unless it has ended",
        responses={204: None, **refusals(401, 404, 412)},
    )
    def delete(self, request: Request, upload_id: UUID) -> Response:
        tus.check_version(request)
        terminate(self.get_upload(upload_id))
        return Response(status=204)


def _begin(request: Request, name: str, size_bytes: int, options: Any, batch_id: object) -> Upload:
    separation_request = None
    if options is not None:
        separation_request = request_with_defaults(options=read_choices(choice_fields(options)))
        check_request(request=separation_request)
    owner = cast("User", request.user)
    batch = named_batch(request, batch_id)
    if batch is not None and separation_request is None:
        raise InvalidOptions("A batch is of jobs: send `options` too, {} for the usual ones.")
    return begin_upload(
        owner=owner, name=name, size_bytes=size_bytes, request=separation_request, batch=batch
    )


def _send(request: Request, upload: Upload, offset: int | None) -> Upload:
    check_fits(request, upload, offset or 0)
    checksum = tus.upload_checksum(request)
    with closing(blocks(request._request, declared_length(request._request))) as chunks:
        return receive(upload, chunks=chunks, offset=offset, checksum=checksum)
