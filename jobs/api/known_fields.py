"""Refuses unknown fields of a request, so that no typo is ignored."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

_OF_FORMS = frozenset({"csrfmiddlewaretoken"})


class KnownFieldsSerializer(serializers.Serializer[Any]):
    """Base of the serializers that read a whole request."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


def refuse_unknown(received: Iterable[str], known: Iterable[str]) -> None:
    """Raises ``ValidationError``, which names the first unknown field and all known ones."""
    names = tuple(known)
    unknown = sorted(set(received) - set(names) - _OF_FORMS)
    if unknown:
        raise ValidationError(
            {str(unknown[0])[:80]: [f"There is no such field. There are: {', '.join(names)}."]}
        )
