"""Views of the site itself: health, configuration, separators and presets."""

import dataclasses
import logging
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.api.schema import ErrorSerializer, refusals
from jobs.api.site.serializers import (
    ConfigSerializer,
    HealthSerializer,
    PresetSerializer,
    SeparatorSerializer,
)
from jobs.queue.health import queue_health
from jobs.services.job.request_validation import site_defaults
from jobs.services.presets import site_presets
from jobs.services.site_models.available import can_run, offered_models, offered_separators
from jobs.services.site_models.measurements import latest
from jobs.services.storage.disk_space import disk_faults
from jobs.services.uploads.url_import import takes_pages
from separation import CODE_VERSION
from separation.catalogue import models_for
from separation.ensemble import ENSEMBLE, ENSEMBLES
from separation.formats import OUTPUT_FORMATS
from separation.stage_table import OPTIONAL_STAGES

_log = logging.getLogger("jobs.api")


class HealthView(APIView):
    """For probes. It needs no account and has no rate limit, as both need the database."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(
        operation_id="health",
        summary="Is the site able to work?",
        responses={200: HealthSerializer, 503: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        try:
            queue = queue_health()
        except DatabaseError:
            _log.exception("health: the database cannot be used")
            refusal = {"code": "unavailable", "detail": "The database cannot be reached."}
            return Response({"status": "unavailable", **refusal}, status=503)
        # Status 200 all the same: a restart of the web server would not start a worker.
        reasons = disk_faults()
        if not queue.workers_alive:
            reasons.append("No worker is running: songs wait.")
        return Response(
            {
                "status": "degraded" if reasons else "ok",
                "reasons": reasons,
                "version": CODE_VERSION,
                "queue": dataclasses.asdict(queue),
            },
            headers={"Cache-Control": "no-store"},
        )


class ConfigView(APIView):
    @extend_schema(
        operation_id="config",
        summary="Limits and defaults of this site",
        responses={200: ConfigSerializer, **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        return Response(ConfigSerializer(site_config()).data)


class SeparatorsView(APIView):
    @extend_schema(
        operation_id="separators",
        summary="Separators and the models of them that this site offers",
        responses={200: SeparatorSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        models = offered_models()
        rows = [
            {
                "name": name,
                "is_default": name == settings.DEFAULT_SEPARATOR,
                "models": models_for(name, models),
            }
            for name in offered_separators()
        ]
        context = {"measured": latest()}
        return Response(SeparatorSerializer(rows, many=True, context=context).data)


class PresetsView(APIView):
    @extend_schema(
        operation_id="presets",
        summary="Choices that go together, and what each costs here",
        responses={200: PresetSerializer(many=True), **refusals(401)},
    )
    def get(self, request: Request) -> Response:
        return Response(PresetSerializer(site_presets(), many=True).data)


def site_config() -> dict[str, Any]:
    return {
        "version": CODE_VERSION,
        **site_defaults(),
        "separators": offered_separators(),
        "ensembles": [each.name for each in ENSEMBLES if can_run(ENSEMBLE, each.name)],
        "stages": OPTIONAL_STAGES,
        "formats": OUTPUT_FORMATS,
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "url_import": settings.URL_IMPORT,
        "url_import_pages": takes_pages(),
        "max_duration_s": settings.MAX_DURATION_S,
        "max_active_jobs": settings.MAX_ACTIVE_JOBS,
        "retention_days": settings.RETENTION_DAYS,
        "share": settings.SHARE,
        "share_max_days": settings.SHARE_MAX_DAYS,
    }
