"""People mark jobs as favourites and give them tags of their own."""

import django.db.models.deletion
import django.db.models.functions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0004_fair_turns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"),
                        django.db.models.functions.Lower("name"),
                        name="tag_once_for_each_owner",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="job",
            name="is_favourite",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="job",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="jobs", to="jobs.tag"),
        ),
    ]
