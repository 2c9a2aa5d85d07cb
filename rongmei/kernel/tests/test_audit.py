"""The audit chain finds every tampering and names the entry."""

import pytest
from django.db import DatabaseError, connection

from rongmei.kernel import audit, db


def _write_three() -> None:
    for number in range(3):
        with db.write():
            audit.record(None, "test.did", detail_number=number)


def _without_triggers(statement: str, *params: object) -> None:
    """Tamper as somebody with the database file would: past the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER IF EXISTS audit_no_update")
            cursor.execute("DROP TRIGGER IF EXISTS audit_no_delete")
        else:
            cursor.execute("ALTER TABLE kernel_auditentry DISABLE TRIGGER ALL")
        cursor.execute(statement, params)


@pytest.mark.django_db
def test_a_clean_chain_holds():
    _write_three()
    verdict = audit.verify()
    assert verdict.ok
    assert verdict.entries == 3


@pytest.mark.django_db
def test_the_database_refuses_to_change_a_line():
    _write_three()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        db.write(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE kernel_auditentry SET action = 'x' WHERE seq = 2")


@pytest.mark.django_db
def test_the_database_refuses_to_remove_a_line():
    _write_three()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        db.write(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM kernel_auditentry WHERE seq = 2")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "reason", "seq"),
    [
        ("UPDATE kernel_auditentry SET actor = 'nobody' WHERE seq = 2", "changed", 2),
        ("DELETE FROM kernel_auditentry WHERE seq = 2", "missing", 2),
        ("UPDATE kernel_auditentry SET previous = 'x' WHERE seq = 3", "unlinked", 3),
    ],
)
def test_tampering_is_named(statement, reason, seq):
    _write_three()
    _without_triggers(statement)
    verdict = audit.verify()
    assert (verdict.broken, verdict.reason) == (seq, reason)


@pytest.mark.django_db
def test_no_line_outside_a_write():
    # pytest's own transaction would hide this, so ask the gate itself.
    class Nothing:
        in_atomic_block = False

    original, db.connection = db.connection, Nothing()
    try:
        with pytest.raises(RuntimeError, match="outside"):
            audit.record(None, "test.did")
    finally:
        db.connection = original
