"""Measurements of models in the admin: those that the cards show, and older ones."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from jobs.admin.base import ReadOnlyAdmin
from jobs.models import ModelMeasurement


@admin.register(ModelMeasurement)
class ModelMeasurementAdmin(ReadOnlyAdmin):
    """``manage.py evaluate --record`` creates the rows; the operator may delete a wrong one."""

    empty_words = _(
        "manage.py evaluate --record measures a model on songs whose stems are known, and writes "
        "the result here."
    )
    list_display = ("model_name", "separator", "suite", "songs", "mean_db", "measured_at")
    list_filter = ("separator", "suite", "measured_at")
    search_fields = ("model_name", "suite")
    fields = (
        "model_name", "separator", "weights_digest", "suite", "songs", "figures", "audio_s",
        "seconds", "peak_memory_bytes", "measured_at",
    )  # fmt: skip

    @admin.display(description=_("Mean, dB"))
    def mean_db(self, row: ModelMeasurement) -> str:
        means = {name: stems["mean"] for name, stems in row.figures.items() if "mean" in stems}
        return ", ".join(f"{name} {value:.2f}" for name, value in means.items()) or "-"
