"""The hosts of the sources that are there already."""

from urllib.parse import urlsplit

from django.db import migrations


def fill(apps, schema_editor):
    source = apps.get_model("sources", "Source")
    changed = []
    for one in source.objects.filter(host="").only("pk", "url", "host").iterator():
        try:
            one.host = (urlsplit(one.url).hostname or "").rstrip(".")[:253]
        except ValueError:
            continue
        changed.append(one)
    source.objects.bulk_update(changed, ["host"], batch_size=200)


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0003_managing'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
