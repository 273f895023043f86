from django.db import migrations, models


class Migration(migrations.Migration):
    """What hosts of workers could not have, for the cards of presets and the operator's page."""

    dependencies = [("jobs", "0014_artifact_integrity")]

    operations = [
        migrations.CreateModel(
            name="MissingModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=128)),
                ("model_name", models.CharField(max_length=128)),
                (
                    "used",
                    models.CharField(
                        help_text="The model that ran in its place.", max_length=128
                    ),
                ),
                ("reason", models.TextField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("host", "model_name"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "model_name"), name="missing_model_once_for_each_host"
                    )
                ],
            },
        ),
    ]
