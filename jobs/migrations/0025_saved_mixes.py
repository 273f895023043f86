from django.db import migrations, models


class Migration(migrations.Migration):
    """Named loops and mixes beside the state of a mixer."""

    dependencies = [("jobs", "0024_library_index")]

    operations = [
        migrations.AddField("mixerstate", "saved", models.JSONField(default=dict)),
    ]
