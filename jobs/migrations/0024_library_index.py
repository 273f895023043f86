from django.db import migrations, models


class Migration(migrations.Migration):
    """A page of the library reads this index instead of the rows of all songs."""

    dependencies = [("jobs", "0023_set_lists")]

    operations = [
        migrations.RemoveIndex(model_name="job", name="job_history"),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=[
                    "owner",
                    "-created_at",
                    "id",
                    "campaign",
                    "accepted_at",
                    "batch",
                    "source",
                    "status",
                    "separator",
                    "is_favourite",
                ],
                name="job_library",
            ),
        ),
    ]
