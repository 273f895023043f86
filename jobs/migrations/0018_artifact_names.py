from django.db import migrations, models


class Migration(migrations.Migration):
    """What a track is, and of which track it is another name. Before, each track had a file."""

    dependencies = [("jobs", "0017_short_songs_have_a_turn")]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="note",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="artifact",
            name="same_as",
            field=models.CharField(blank=True, default="", max_length=128),
        ),
    ]
