from django.db import migrations, models


class Migration(migrations.Migration):
    """A job that gave way to shorter songs, and those songs, stand before all others."""

    dependencies = [("jobs", "0016_source_name_number")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="queue_rank",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (0, "In the line"),
                    (1, "Gave way to shorter songs"),
                    (2, "Has a turn before a longer song"),
                ],
                default=0,
                editable=False,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="preempted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="ran_s",
            field=models.FloatField(
                default=0.0,
                editable=False,
                help_text="How long this attempt had run before it last gave way.",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("queue_rank__gt", 0)), fields=["queue_rank"], name="job_ahead"
            ),
        ),
    ]
