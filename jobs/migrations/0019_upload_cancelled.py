from django.db import migrations, models


class Migration(migrations.Migration):
    """That an upload was cancelled, for the request that still works on it."""

    dependencies = [("jobs", "0018_artifact_names")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="cancelled_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
