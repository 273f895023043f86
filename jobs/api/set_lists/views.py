"""The views that create, list, read, change, fill and delete set lists."""

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.api.schema import refusals
from jobs.api.set_lists.serializers import (
    SetListChangeSerializer,
    SetListCreateSerializer,
    SetListSerializer,
    SetListSongsSerializer,
)
from jobs.models import Job, SetList
from jobs.models.set_list import SetListQuerySet
from jobs.services.set_lists.actions import (
    add_songs,
    create_set_list,
    delete_set_list,
    order_songs,
    remove_songs,
    rename_set_list,
)
from jobs.services.set_lists.contents import song_ids


def set_list_of(request: Request, set_list_id: UUID) -> SetList:
    """The account's own set list. Raises ``Http404`` for any other."""
    found = SetList.objects.visible_to(request.user).select_related("owner")
    set_list = found.filter(pk=set_list_id).first()
    if set_list is None:
        raise Http404("There is no such set list.")
    return set_list


def jobs_of(request: Request, ids: Sequence[UUID]) -> list[Job]:
    """The account's own jobs with these ids, in this order. Raises ``Http404`` if one is not among
    the listed jobs."""
    own = Job.objects.visible_to(request.user).listed().in_bulk(ids)
    if missing := [pk for pk in ids if pk not in own]:
        raise Http404(f"There is no such job: {missing[0]}.")
    return [own[pk] for pk in ids]


def serialized(set_lists: Iterable[SetList], **options: Any) -> SetListSerializer:
    listed = list(set_lists)
    context = {"songs": song_ids(listed)}
    return SetListSerializer(
        listed if options.get("many") else listed[0], context=context, **options
    )


class SetListsView(GenericAPIView[SetList]):
    serializer_class = SetListSerializer

    def get_queryset(self) -> SetListQuerySet:
        return SetList.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="set_lists_list",
        summary="Your set lists, by name",
        responses={200: SetListSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(serialized(page or [], many=True).data)

    @extend_schema(
        operation_id="set_lists_create",
        summary="Create a set list",
        request=SetListCreateSerializer,
        responses={201: SetListSerializer, **refusals(400, 401, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        serializer = SetListCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        chosen = serializer.validated_data
        set_list = create_set_list(
            owner=cast("User", request.user),
            name=chosen["name"],
            jobs=jobs_of(request, chosen.get("job_ids", ())),
        )
        headers = {"Location": reverse("api:set-list", args=[set_list.pk])}
        return Response(serialized([set_list]).data, status=201, headers=headers)


class SetListView(APIView):
    @extend_schema(
        operation_id="set_lists_read",
        summary="One set list with its songs",
        responses={200: SetListSerializer, **refusals(401, 404)},
    )
    def get(self, request: Request, set_list_id: UUID) -> Response:
        return Response(serialized([set_list_of(request, set_list_id)]).data)

    @extend_schema(
        operation_id="set_lists_change",
        summary="Rename a set list, or order its songs",
        request=SetListChangeSerializer,
        responses={200: SetListSerializer, **refusals(400, 401, 404, 409)},
    )
    def patch(self, request: Request, set_list_id: UUID) -> Response:
        set_list = set_list_of(request, set_list_id)
        serializer = SetListChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        chosen = serializer.validated_data
        if "name" in chosen:
            rename_set_list(set_list=set_list, name=chosen["name"])
        if "job_ids" in chosen:
            order_songs(set_list=set_list, job_ids=chosen["job_ids"])
        return Response(serialized([set_list]).data)

    @extend_schema(
        operation_id="set_lists_delete",
        summary="Delete a set list; its songs stay",
        responses={204: None, **refusals(401, 404)},
    )
    def delete(self, request: Request, set_list_id: UUID) -> Response:
        delete_set_list(set_list=set_list_of(request, set_list_id))
        return Response(status=204)


class SetListSongsView(APIView):
    @extend_schema(
        operation_id="set_lists_add",
        summary="Add songs at the end of a set list",
        request=SetListSongsSerializer,
        responses={200: SetListSerializer, **refusals(400, 401, 404, 409)},
    )
    def post(self, request: Request, set_list_id: UUID) -> Response:
        set_list = set_list_of(request, set_list_id)
        serializer = SetListSongsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        add_songs(set_list=set_list, jobs=jobs_of(request, serializer.validated_data["job_ids"]))
        return Response(serialized([set_list]).data)


class SetListSongView(APIView):
    @extend_schema(
        operation_id="set_lists_remove",
        summary="Remove a song from a set list; the song stays",
        responses={204: None, **refusals(401, 404)},
    )
    def delete(self, request: Request, set_list_id: UUID, job_id: UUID) -> Response:
        if not remove_songs(set_list=set_list_of(request, set_list_id), job_ids=[job_id]):
            raise Http404("There is no such song in the set list.")
        return Response(status=204)
