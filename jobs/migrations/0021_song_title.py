from collections import defaultdict

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from separation.audio.names import song_title


def give_titles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The title of the tags, or the file's name without its ending; of equal ones the older song
    has the lower number."""
    rows = apps.get_model("jobs", "Source").objects
    counts: defaultdict[tuple[int, str], int] = defaultdict(int)
    changed = []
    for source in rows.order_by("created_at", "pk").iterator(chunk_size=1000):
        source.song_title = source.title or song_title(source.original_name)
        counts[source.owner_id, source.song_title] += 1
        source.name_number = counts[source.owner_id, source.song_title]
        changed.append(source)
        if len(changed) == 1000:
            rows.bulk_update(changed, ["song_title", "name_number"])
            changed.clear()
    rows.bulk_update(changed, ["song_title", "name_number"])


class Migration(migrations.Migration):
    """What its owner calls a song. Pages name a song by it instead of by its file."""

    dependencies = [("jobs", "0020_mixer_state")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="song_title",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name="source",
            name="name_number",
            field=models.PositiveIntegerField(
                default=1,
                editable=False,
                help_text="Which of the owner's songs of this title it is.",
            ),
        ),
        migrations.RunPython(give_titles, migrations.RunPython.noop),
    ]
