"""What a request may hold: a field that does not exist is refused, so no typo is passed over."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

_OF_FORMS = frozenset({"csrfmiddlewaretoken"})


class KnownFieldsSerializer(serializers.Serializer[Any]):
    """Base of everything that is read from a request as a whole."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raises ``ValidationError`` naming the first that is not known, and all that are."""
    names = tuple(known)
    unknown = sorted(set(given) - set(names) - _OF_FORMS)
    if unknown:
        raise ValidationError(
            {str(unknown[0])[:80]: [f"There is no such field. There are: {', '.join(names)}."]}
        )
