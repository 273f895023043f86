from django.db import migrations, models


class Migration(migrations.Migration):
    """When the file of an artifact was last compared with its digest, and whether it is damaged.
    Of older ones nobody knows: they are looked at when they are next handed out."""

    dependencies = [("jobs", "0013_rate_limits")]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="checked_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When its file was last compared with the digest.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="artifact",
            name="is_damaged",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
