"""Documents know their reprint family."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial")]

    operations = [
        migrations.AddField("document", "family_id", models.UUIDField(db_index=True, null=True)),
    ]
