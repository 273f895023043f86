"""Songs that were sent together are a batch, of whose end its owner may be told by e-mail."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0009_account_preferences"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "last_added_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("notify_by_email", models.BooleanField(default=False)),
                ("notified_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("notice_tries", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("notice_not_before", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "notice_error",
                    models.CharField(blank=True, editable=False, max_length=255),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.AddField(
            model_name="job",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="jobs",
                to="jobs.batch",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="uploads",
                to="jobs.batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("batch__isnull", True),
                    ("campaign__isnull", True),
                    ("accepted_at__isnull", False),
                    _connector="OR",
                ),
                name="job_of_a_batch_is_not_on_offer",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("notified_at", None), ("notify_by_email", True)),
                fields=["last_added_at"],
                name="batch_untold",
            ),
        ),
    ]
