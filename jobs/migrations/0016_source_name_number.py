from django.db import migrations, models
from django.db.models import Count


def number(apps, schema_editor):
    """Songs that were sent under a name that the account had used before, in their order."""
    sources = apps.get_model("jobs", "Source").objects.using(schema_editor.connection.alias)
    same = sources.values("owner_id", "original_name").annotate(songs=Count("id"))
    for group in same.filter(songs__gt=1).order_by().iterator():
        mine = sources.filter(
            owner_id=group["owner_id"], original_name=group["original_name"]
        ).order_by("created_at", "id")
        for position, pk in enumerate(mine.values_list("pk", flat=True), 1):
            sources.filter(pk=pk).update(name_number=position)


class Migration(migrations.Migration):
    """Three songs called ``mixture.flac`` can be told apart."""

    dependencies = [("jobs", "0015_missing_model")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="name_number",
            field=models.PositiveIntegerField(
                default=1,
                editable=False,
                help_text="Which of the owner's songs of this name it is.",
            ),
        ),
        migrations.RunPython(number, migrations.RunPython.noop),
    ]
