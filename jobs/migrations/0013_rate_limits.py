"""Limits are counted in the database, and sessions are stored under a digest of their keys.

Sessions of before end with this: their keys stand in every copy of the database that was made so
far, and would open them. Everybody logs in once more.
"""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps


def end_sessions(apps: StateApps, schema_editor: Any) -> None:
    apps.get_model("sessions", "Session")._default_manager.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0012_artifact_parent"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CacheEntry",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name_plural": "cache entries"},
        ),
        migrations.CreateModel(
            name="RateCount",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("count", models.PositiveIntegerField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(end_sessions, migrations.RunPython.noop),
    ]
