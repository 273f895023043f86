# One image for the web server and the worker. Weights, uploads and outputs live in /data.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.lock requirements-dev.lock requirements-setup.txt /tmp/
# Python at the end: on a platform that the lock is not for, pip would install nothing and say so
# nowhere. The classes of the operator's own networks (requirements-models.txt) come along: they are
# small, and nobody installs anything in a container.
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements-setup.txt \
    && /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.lock \
    && sed -n '/^pymss-core==/,/[^\\]$/p' /tmp/requirements-dev.lock > /tmp/requirements-models.lock \
    && /opt/venv/bin/pip install --require-hashes --no-deps -r /tmp/requirements-models.lock \
    && /opt/venv/bin/python -c "import django, torch, pymss_core"

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/numba STEMSITE_DATA_DIR=/data STEMSITE_HOST=0.0.0.0
RUN useradd --system --create-home --uid 10001 stemsite \
    && install -d -o stemsite -g stemsite /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY stemsite stemsite
COPY jobs jobs
COPY separation separation
COPY templates templates
COPY static static
COPY README.md CHANGELOG.md LICENSE ./
# The user cannot write here, and each upload starts a decoder that would compile anew.
RUN python -m compileall -q stemsite jobs separation
USER stemsite
# Into the image, from which a new volume gets them; no image fails for want of a registry. What a
# start makes besides, the key of a site above all, is of no use in an image.
RUN STEMSITE_DATA_DIR=/tmp/setup STEMSITE_MODEL_DIR=/data/models \
    python manage.py fetch_models --if-missing spleeter_2stems && rm -rf /tmp/setup
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('STEMSITE_PORT', '8000') + '/health', timeout=4)"]
CMD ["python", "manage.py", "serve"]
