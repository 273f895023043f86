import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Results of verifying jobs, and the digest of each manifest. Older jobs get theirs at their
    first verification."""

    dependencies = [("jobs", "0025_saved_mixes")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="manifest_sha256",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="The manifest's own digest, recorded when the job was completed.",
                max_length=64,
                verbose_name="digest of the record",
            ),
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                ("files", models.PositiveIntegerField(default=0, editable=False)),
                ("problems", models.JSONField(default=list, editable=False)),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verification",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["requested_at"], name="verification_requested")],
            },
        ),
    ]
