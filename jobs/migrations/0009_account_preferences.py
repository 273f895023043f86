"""Accounts get preferences, tokens with names, and a line that stays when they are closed.

Tokens move from knox's own table, so that no program has to log in again. The table stays, as later
migrations of knox may expect it, but empty and tied to no account: a row that points at its account
would keep it from being deleted, and PostgreSQL truncates no table that another one refers to.
"""

import uuid
from typing import Any

import django.db.models.deletion
import django.db.models.functions
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.state import StateApps

def move_tokens(apps: StateApps, schema_editor: Any) -> None:
    old, new = apps.get_model("knox", "AuthToken"), apps.get_model("jobs", "ApiToken")
    fields = ("digest", "token_key", "user_id", "created", "expiry")
    for values in old._default_manager.values(*fields).iterator():
        created = values.pop("created")
        token = new._default_manager.create(**values)
        # `auto_now_add` overrides whatever is given to create().
        new._default_manager.filter(pk=token.pk).update(created=created)
    old._default_manager.all().delete()


def untie(apps: StateApps, schema_editor: Any) -> None:
    model = apps.get_model("knox", "AuthToken")
    tied = model._meta.get_field("user")
    loose = tied.clone()
    loose.db_constraint = False
    loose.set_attributes_from_name("user")
    loose.model = model
    loose.remote_field.model = tied.remote_field.model
    schema_editor.alter_field(model, tied, loose)


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0008_share_links"),
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
        migrations.RunPython(untie, migrations.RunPython.noop),
    ]
