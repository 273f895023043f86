"""Accounts get preferences, tokens with names, and a line that stays when they are closed.

Tokens move from knox's own table, so that no program has to log in again. None is left behind: a
row there would still point at its account, which could then never be deleted.
"""

import uuid
from typing import Any

import django.db.models.deletion
import django.db.models.functions
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.state import StateApps

KNOX_TABLE = "knox_authtoken"
COLUMNS = ("digest", "token_key", "user_id", "created", "expiry")


def move_tokens(apps: StateApps, schema_editor: Any) -> None:
    connection = schema_editor.connection
    token_model = apps.get_model("jobs", "ApiToken")
    with connection.cursor() as cursor:
        # Not through knox's model: Django refuses to read one that another has taken the place of.
        cursor.execute(f"SELECT digest FROM {KNOX_TABLE}")
        for (digest,) in cursor.fetchall():
            columns = ", ".join(COLUMNS)
            cursor.execute(
                f"INSERT INTO {token_model._meta.db_table} ({columns}, public_id, name) "
                f"SELECT {columns}, %s, '' FROM {KNOX_TABLE} WHERE digest = %s",
                [_as_column(uuid.uuid4(), token_model, connection), digest],
            )
        cursor.execute(f"DELETE FROM {KNOX_TABLE}")


def _as_column(value: uuid.UUID, model: Any, connection: Any) -> Any:
    return model._meta.get_field("public_id").get_db_prep_value(value, connection)


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0007_quotas"),
        ("knox", "0009_extend_authtoken_field"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountClosure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("jobs", models.PositiveIntegerField(default=0, help_text="Removed so far.")),
                ("songs", models.PositiveIntegerField(default=0, help_text="Removed so far.")),
                (
                    "size_bytes",
                    models.PositiveBigIntegerField(default=0, help_text="Of songs and tracks."),
                ),
                ("requested_at", models.DateTimeField(auto_now_add=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="closure",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "closed account", "ordering": ("-requested_at",)},
        ),
        migrations.CreateModel(
            name="Preferences",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[
                            ("system", "As the system has it"),
                            ("light", "Light"),
                            ("dark", "Dark"),
                        ],
                        default="system",
                        max_length=8,
                    ),
                ),
                ("defaults", models.JSONField(default=dict)),
                (
                    "owner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name_plural": "preferences"},
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("digest", models.CharField(max_length=128, primary_key=True, serialize=False)),
                ("token_key", models.CharField(db_index=True, max_length=25)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expiry", models.DateTimeField(blank=True, null=True)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(blank=True, max_length=60)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="auth_token_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "ordering": ("-created",),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        django.db.models.functions.Lower("name"),
                        condition=models.Q(("name", ""), _negated=True),
                        name="token_name_once_for_each_user",
                    )
                ],
            },
        ),
        migrations.RunPython(move_tokens, migrations.RunPython.noop),
    ]
