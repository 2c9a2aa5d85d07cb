"""What the ORM does too slowly or not at all: many rows at once, and looking into JSON lists.

`bulk_create` asks every value of every row whether it is an expression, and every field how it is
stored; here each column is asked once. What is left out with that: signals, expressions, keys given
by the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from django.db import connection, models
from django.utils import timezone

_Prepare = Callable[[Any], Any]
_Field: TypeAlias = "models.Field[Any, Any]"
_AS_IT_IS = (models.CharField, models.TextField, models.BooleanField, models.IntegerField)


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, whose keys are known, in the caller's write."""
    if not rows:
        return
    fields = _fields(type(rows[0]))
    _insert(
        type(rows[0]), fields, {one: [getattr(row, one.attname) for row in rows] for one in fields}
    )


def put(rows: Sequence[models.Model]) -> None:
    """The same; a row that is there under its key takes these values instead."""
    if not rows:
        return
    model, quote = type(rows[0]), connection.ops.quote_name
    fields = _fields(model)
    taken = (
        f"{quote(str(one.column))} = EXCLUDED.{quote(str(one.column))}"
        for one in fields
        if not one.primary_key and not getattr(one, "auto_now_add", False)
    )
    key = quote(str(model._meta.pk.column))
    _insert(
        model, fields, {one: [getattr(row, one.attname) for row in rows] for one in fields},
        f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(taken)}",
    )  # fmt: skip


def insert_values(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, unless_there: bool = False
) -> None:
    """The same for rows that no object was made of: the values by column, all with the same columns.

    What is not named has its default; the key is named, unless the database gives it. With
    `unless_there` a row that is there already under its key stays as it is.
    """
    if not rows:
        return
    columns: dict[_Field, list[Any]] = {}
    named = rows[0].keys()
    for field in (fields := _fields(model)):
        name = field.attname
        if name in named:
            columns[field] = [row[name] for row in rows]
        else:
            columns[field] = [field.get_default()] * len(rows)
    _insert(model, fields, columns, " ON CONFLICT DO NOTHING" if unless_there else "")


def _fields(model: type[models.Model]) -> list[_Field]:
    return [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]


def _insert(
    model: type[models.Model],
    fields: list[_Field],
    values: Mapping[_Field, list[Any]],
    where_there: str = "",
) -> None:
    meta = model._meta
    columns = [_column(field, values[field]) for field in fields]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({places}){where_there}",  # noqa: S608 - names of our own
            list(zip(*columns, strict=True)),
        )


def _column(field: _Field, values: list[Any]) -> list[Any]:
    """The values of one field as the database takes them."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return [connection.ops.adapt_datetimefield_value(timezone.now())] * len(values)
    prepare = _preparation(field)
    if prepare is None:
        return values
    if values.count(values[0]) == len(values):
        # Rows that come together share their unit, their source and the time they came.
        return [prepare(values[0])] * len(values)
    return [prepare(value) for value in values]


def _preparation(field: _Field) -> _Prepare | None:
    """How a value of the field is made ready; None where it is stored as it is."""
    kept = getattr(field, "target_field", field)
    if isinstance(kept, _AS_IT_IS):
        return None
    if isinstance(kept, models.UUIDField):
        return None if connection.features.has_native_uuid_field else _hex
    if isinstance(kept, models.JSONField):
        return partial(connection.ops.adapt_json_value, encoder=kept.encoder)
    if isinstance(kept, models.DateTimeField):
        adapt: _Prepare = connection.ops.adapt_datetimefield_value
        return adapt
    return partial(kept.get_db_prep_save, connection=connection)


def _hex(value: Any) -> str | None:
    return None if value is None else str(value.hex)


def matching(
    model: type[models.Model],
    wanted: Sequence[str],
    *,
    column: str,
    among: Sequence[str],
    **equal: Any,
) -> list[tuple[Any, ...]]:
    """The columns `wanted` of the rows whose text in `column` is one of many, and others as given.

    The ORM asks every value of a long list whether it is an expression, which takes longer than
    finding the rows. All of them go as one parameter here, so that the statement stays the same,
    and is prepared once.
    """
    if not among:
        return []
    meta, quote = model._meta, connection.ops.quote_name
    fields = {one.attname: one for one in meta.concrete_fields}
    named = ", ".join(quote(str(fields[name].column)) for name in wanted)
    place = quote(str(fields[column].column))
    values: list[Any]
    if connection.vendor == "postgresql":
        many, values = "= ANY(%s)", [list(among)]
    else:
        many, values = "IN (SELECT value FROM json_each(%s))", [json.dumps(list(among))]
    tests = [f"{place} {many}"]
    for name, value in equal.items():
        tests.append(f"{quote(str(fields[name].column))} = %s")
        values += _column(fields[name], [value])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {named} FROM {quote(meta.db_table)} WHERE {' AND '.join(tests)}",  # noqa: S608 - names of our own
            values,
        )
        rows = cursor.fetchall()
    if not rows:
        return []
    readers = [_reader(fields[name]) for name in wanted]
    columns = zip(*rows, strict=True)
    return list(
        zip(
            *(
                map(reader, values) if reader else values
                for reader, values in zip(readers, columns, strict=True)
            ),
            strict=True,
        )
    )


def _reader(field: _Field) -> _Prepare | None:
    """How a value of the field comes out of the database; None where it comes as it is."""
    place = field.get_col(field.model._meta.db_table)
    readers = connection.ops.get_db_converters(place) + place.get_db_converters(connection)
    if not readers:
        return None

    def read(value: Any) -> Any:
        for one in readers:
            value = one(value, place, connection)
        return value

    return read


def named_in_lists(model: type[models.Model], column: str, values: Sequence[str]) -> set[str]:
    """Of these values, those that stand in a JSON list that some row keeps in `column`.

    The database looks through the lists itself: SQLite has no containment for JSON, and reading
    every list here would cost a hundred times as much.
    """
    if not values:
        return set()
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(column)
    each = (
        f"jsonb_array_elements_text({table}.{column}) AS each(value)"
        if connection.vendor == "postgresql"
        else f"json_each({table}.{column}) AS each"
    )
    places = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT each.value FROM {table}, {each} WHERE each.value IN ({places})",  # noqa: S608 - names of our own
            list(values),
        )
        return {str(row[0]) for row in cursor.fetchall()}
