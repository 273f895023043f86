import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The job that a job runs again exactly."""

    dependencies = [("jobs", "0026_verification")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="repeats",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="repetitions",
                to="jobs.job",
                verbose_name="runs again",
            ),
        ),
    ]
