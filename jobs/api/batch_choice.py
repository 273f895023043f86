"""The batch that a request names for its song."""

from uuid import UUID

from django.http import Http404
from rest_framework.request import Request

from jobs.models import Batch
from separation.errors import InvalidOptions


def named_batch(request: Request, value: object) -> Batch | None:
    """The batch with the id ``value``; None for an empty value.

    Raises ``InvalidOptions`` for a value that is no id, and ``Http404`` where the account has no
    such batch.
    """
    if value in (None, ""):
        return None
    try:
        batch_id = UUID(str(value))
    except ValueError:
        raise InvalidOptions(
            f"batch: {str(value)[:50]!r} is no id of a batch. POST /api/v1/batches makes one."
        ) from None
    batch = Batch.objects.visible_to(request.user).filter(pk=batch_id).first()
    if batch is None:
        raise Http404("There is no such batch.")
    return batch
