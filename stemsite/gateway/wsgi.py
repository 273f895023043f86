"""The site's WSGI application for a gunicorn that only the gateway can reach."""

from pathlib import Path

from django.conf import settings

from stemsite.gateway.middleware import BehindGateway
from stemsite.wsgi import application as site

application = BehindGateway(
    site,
    [Path(folder) for folder in (settings.OUTPUT_DIR, settings.UPLOAD_DIR, settings.STATIC_ROOT)],
)
