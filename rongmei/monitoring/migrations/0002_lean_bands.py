"""Bands with one index in place of three, 16 a document in place of 32; families told to the archive.

Shingles are counted as numbers now, so fingerprints of the last fortnight and of all watches are
made anew: without that, a copy of yesterday's text would find nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from rongmei.monitoring import copies

BATCH = 200


def refresh(apps: Any, schema_editor: Any) -> None:
    """New fingerprints and bands for what is still compared; every family to its documents."""
    fingerprints = apps.get_model("monitoring", "Fingerprint")
    bands, watches = apps.get_model("monitoring", "Band"), apps.get_model("monitoring", "Watch")
    watch_bands = apps.get_model("monitoring", "WatchBand")
    recent = fingerprints.objects.filter(published_at__gte=timezone.now() - timedelta(days=14))
    ids = list(recent.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(ids), BATCH):
        rows = fingerprints.objects.filter(pk__in=ids[at : at + BATCH]).order_by("pk")
        rows = list(rows.select_related("document"))
        found = []
        made = copies.sketches([row.document.body for row in rows])
        for row, sketch in zip(rows, made, strict=True):
            row.minhash, row.letters = sketch.minima, sketch.letters
            title = [copies.title_band(row.document.title)]
            numbers = title if sketch.is_short else sketch.bands
            found += [bands(hash=number, print_id=row.pk) for number in numbers]
        fingerprints.objects.bulk_update(rows, ["minhash", "letters"])
        bands.objects.bulk_create(found)
    for watch in watches.objects.iterator(chunk_size=BATCH):
        sketch = copies.sketch(watch.body)
        watches.objects.filter(pk=watch.pk).update(minhash=sketch.minima)
        watch_bands.objects.bulk_create(
            watch_bands(hash=number, watch=watch) for number in sketch.bands
        )


def tell_archive(apps: Any, schema_editor: Any) -> None:
    """Every document of a family gets its number, and the index a word about it."""
    documents, changes = apps.get_model("archive", "Document"), apps.get_model("archive", "Change")
    rows = apps.get_model("monitoring", "Fingerprint").objects.filter(family__isnull=False)
    family_of = dict(rows.values_list("document_id", "family_id"))
    ids = list(family_of)
    for at in range(0, len(ids), BATCH):
        part = [
            documents(pk=document_id, family_id=family_of[document_id])
            for document_id in ids[at : at + BATCH]
        ]
        documents.objects.bulk_update(part, ["family_id"])
        changes.objects.bulk_create(changes(document_id=one.pk) for one in part)


class Migration(migrations.Migration):
    dependencies = [("archive", "0002_document_family"), ("monitoring", "0001_initial")]

    operations = [
        migrations.DeleteModel("Band"),
        migrations.CreateModel(
            "Band",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hash", models.BigIntegerField()),
                ("print_id", models.BigIntegerField()),
            ],
            {"indexes": [models.Index(fields=["hash", "print_id"], name="band_hash")]},
        ),
        migrations.CreateModel(
            "WatchBand",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hash", models.BigIntegerField(db_index=True)),
                (
                    "watch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bands",
                        to="monitoring.watch",
                    ),
                ),
            ],
        ),
        migrations.AddField("fingerprint", "letters", models.PositiveIntegerField(default=0)),
        migrations.RunPython(refresh, migrations.RunPython.noop),
        migrations.RunPython(tell_archive, migrations.RunPython.noop),
    ]
