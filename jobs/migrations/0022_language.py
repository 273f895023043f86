from django.db import migrations, models


class Migration(migrations.Migration):
    """The language that a person chose for pages and mails."""

    dependencies = [("jobs", "0021_song_title")]

    operations = [
        migrations.AddField(
            model_name="preferences",
            name="language",
            field=models.CharField(
                blank=True, default="", help_text="Empty: as the browser asks.", max_length=8
            ),
        ),
    ]
