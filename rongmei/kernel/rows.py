"""Many new rows at once, for the few places where thousands come in a minute.

`bulk_create` asks every value of every row whether it is an expression, and every field how it is
stored; here each column is asked once. What is left out with that: signals, expressions, keys given
by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import connection, models
from django.utils import timezone

_Prepare = Callable[[Any], Any]


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, whose keys are known, in the caller's write."""
    if not rows:
        return
    meta = rows[0]._meta
    fields = [one for one in meta.concrete_fields if not isinstance(one, models.AutoField)]
    columns = [_column(field, rows) for field in fields]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({places})",  # noqa: S608 - names of our own
            list(zip(*columns, strict=True)),
        )


def _column(field: models.Field[Any, Any], rows: Sequence[models.Model]) -> list[Any]:
    """The values of one field as the database takes them."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return [connection.ops.adapt_datetimefield_value(timezone.now())] * len(rows)
    values = [getattr(row, field.attname) for row in rows]
    prepare = _preparation(field)
    return values if prepare is None else [prepare(value) for value in values]


def _preparation(field: models.Field[Any, Any]) -> _Prepare | None:
    """How a value of the field is made ready; None where it is stored as it is."""
    kept = getattr(field, "target_field", field)
    if isinstance(kept, models.CharField | models.TextField | models.BooleanField):
        return None
    if isinstance(kept, models.UUIDField):
        return None if connection.features.has_native_uuid_field else _hex
    if isinstance(kept, models.DateTimeField):
        adapt: _Prepare = connection.ops.adapt_datetimefield_value
        return adapt
    return partial(kept.get_db_prep_save, connection=connection)


def _hex(value: Any) -> str | None:
    return None if value is None else str(value.hex)
