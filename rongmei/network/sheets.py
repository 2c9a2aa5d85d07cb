"""Units and people from an Excel sheet: a template to fill in, a report of every row.

Two sheets, 单位 and 人员. Each is taken whole or not at all: one refused row and nothing of that
sheet is written. Every row goes through the same actions as the pages, so the same rules hold.
Columns are found by their heads, in any order; docs/reference/import.md describes them.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import openpyxl
from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from rongmei.kernel import db
from rongmei.kernel.errors import RongmeiError
from rongmei.network import actions, policy
from rongmei.network.actions import members, roles, units
from rongmei.network.errors import BadSheet
from rongmei.network.models import Member, RoleHolding, Unit
from rongmei.network.types import Role, UnitKind

UNITS, PEOPLE = "单位", "人员"
UNIT_COLUMNS: Final = ("代码", "名称", "简称", "英文名", "类别", "上级代码", "地区")
PEOPLE_COLUMNS: Final = ("账号", "姓名", "英文名", "单位代码", "邮箱", "手机", "角色")
MOST_BYTES: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 5000
SAMPLE: Final = "示例"
_SEPARATORS: Final = re.compile(r"[、,,;;\s]+")

_KINDS: Final = {
    "总部": UnitKind.HQ, "总部融媒体云": UnitKind.HQ,
    "中心": UnitKind.CENTRE, "省公司融媒体中心": UnitKind.CENTRE, "融媒体中心": UnitKind.CENTRE,
    "站": UnitKind.STATION, "直属单位融媒体站": UnitKind.STATION, "融媒体站": UnitKind.STATION,
    "平台": UnitKind.PLATFORM, "全媒体新闻平台": UnitKind.PLATFORM,
}  # fmt: skip
_ROLES: Final = {
    "策划": Role.PLANNER, "值班": Role.DUTY, "记者": Role.REPORTER, "通讯员": Role.REPORTER,
    "记者/通讯员": Role.REPORTER, "初审": Role.FIRST_REVIEWER, "复审": Role.SECOND_REVIEWER,
    "终审": Role.FINAL_REVIEWER, "平台编辑": Role.PLATFORM_EDITOR, "分析师": Role.ANALYST,
    "系统管理员": Role.SYSTEM_ADMIN, "安全管理员": Role.SECURITY_ADMIN,
    "审计管理员": Role.AUDIT_ADMIN,
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """What became of one row: `outcome` is made, changed, unchanged or refused."""

    sheet: str
    row: int
    name: str
    outcome: str
    note: str = ""
    password: str = ""


@dataclass
class Report:
    """All rows of both sheets. `applied` names the sheets that were written."""

    lines: list[Line] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    dry_run: bool = False

    def of(self, outcome: str) -> list[Line]:
        """The lines with this outcome."""
        return [line for line in self.lines if line.outcome == outcome]

    @property
    def ok(self) -> bool:
        """Whether no row was refused."""
        return not self.of("refused")


class _Undo(Exception):
    """Rolls a sheet back."""


class RowRefused(RongmeiError):
    """A row of the sheet is not right."""

    status = 422


@dataclass(frozen=True)
class _Row:
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def write_template(path: Path | io.BytesIO) -> None:
    """Write an empty sheet with heads and rows marked 示例, which an import passes over."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(UNITS)
    sheet.append(UNIT_COLUMNS)
    sheet.append(
        ["示例-yunling", "示例:云岭融媒体中心", "云岭", "Yunling Centre", "中心", "hq", "云岭"]
    )
    sheet.append(
        ["示例-station", "示例:石门坎融媒体站", "石门坎", "", "站", "示例-yunling", "云岭"]
    )
    people = book.create_sheet(PEOPLE)
    people.append(PEOPLE_COLUMNS)
    people.append(["示例.reporter", "示例:记山行", "", "示例-yunling", "", "", "记者"])
    people.append(["示例.chief", "示例:云岭终", "", "示例-yunling", "", "", "终审、策划"])
    for page in (sheet, people):
        page.freeze_panes = "A2"
        for letter in "ABCDEFG":
            page.column_dimensions[letter].width = 22
    book.save(path)


def read(content: bytes) -> dict[str, list[_Row]]:
    """The rows of both sheets; raise BadSheet for what is not a workbook of this kind."""
    if len(content) > MOST_BYTES:
        raise BadSheet(_("表格超过 5 MB,未导入任何内容。请拆成几份再传。"))
    try:
        if (
            sum(one.file_size for one in zipfile.ZipFile(io.BytesIO(content)).infolist())
            > 20 * MOST_BYTES
        ):
            raise BadSheet
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise BadSheet from error
    found: dict[str, list[_Row]] = {}
    for name, columns in ((UNITS, UNIT_COLUMNS), (PEOPLE, PEOPLE_COLUMNS)):
        if name in book.sheetnames:
            found[name] = list(_rows(book[name], name, columns))
    if not found:
        raise BadSheet(_("表格里没有“单位”或“人员”工作表，未导入任何内容。请用导入模板填写。"))
    return found


def _rows(sheet: Any, name: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    rows = sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2)
    heads = [str(head or "").strip() for head in next(rows, ())]
    missing = [column for column in columns[:2] if column not in heads]
    if missing:
        words = _("“%(sheet)s”表缺少列：%(columns)s。未导入任何内容。请用导入模板填写。")
        raise BadSheet(words % {"sheet": name, "columns": "、".join(missing)})
    for number, values in enumerate(rows, start=2):
        texts = ["" if value is None else str(value).strip() for value in values]
        cells = dict(zip(heads, texts, strict=False))
        if not any(texts) or texts[0].startswith(SAMPLE):
            continue
        if number > MOST_ROWS + 1:
            raise BadSheet(_("一张表最多 5000 行，未导入任何内容。请拆成几份再传。"))
        yield _Row(number, cells)


def run(
    content: bytes, *, by: Member, grantor: Member | None = None, dry_run: bool = False
) -> Report:
    """Import the workbook as `by`.

    Roles in the sheet are granted by `grantor` (a security administrator, on the command line). On
    the page there is none: the system administrator makes accounts, and the security
    administrators get a notice of the roles that were asked for.
    """
    book = read(content)
    report = Report(dry_run=dry_run)
    hashed = _hash_passwords(book.get(PEOPLE, []), dry_run)
    try:
        with db.write():
            for name, one in (
                (UNITS, lambda row: _unit(row, by)),
                (PEOPLE, lambda row: _person(row, by, grantor, hashed)),
            ):
                if name in book:
                    _sheet(report, name, book[name], one)
            if dry_run:
                raise _Undo
    except _Undo:
        report.applied = []
    return report


def _hash_passwords(rows: list[_Row], dry_run: bool) -> dict[str, tuple[str, str]]:
    """One-time passwords of new people, hashed before the write begins: hashing takes long."""
    known = set(Member.objects.values_list("username", flat=True))
    names = {row["账号"].lower() for row in rows} - known
    given = {name: members.one_time_password() for name in names}
    return {name: (word, "!" if dry_run else make_password(word)) for name, word in given.items()}


def _sheet(report: Report, name: str, rows: list[_Row], one: Callable[[_Row], Line]) -> None:
    lines: list[Line] = []
    try:
        with db.write():
            lines.extend(_tried(name, row, one) for row in rows)
            if any(line.outcome == "refused" for line in lines):
                raise _Undo
    except _Undo:
        # What was made is undone with the sheet: no password may be shown for it.
        lines = [
            line
            if line.outcome in {"refused", "unchanged"}
            else Line(
                line.sheet, line.row, line.name, "held", _("本行没有问题，因同表其他行被拒而未写入")
            )
            for line in lines
        ]
    else:
        report.applied.append(name)
    report.lines.extend(lines)


def _tried(name: str, row: _Row, one: Callable[[_Row], Line]) -> Line:
    try:
        with db.write():
            return one(row)
    except RongmeiError as error:
        label = row["名称"] or row["姓名"] or row["代码"] or row["账号"]
        return Line(name, row.number, label, "refused", error.message)


def _need(row: _Row, *columns: str) -> None:
    missing = [column for column in columns if not row[column]]
    if missing:
        raise RowRefused(_("没有填：%(columns)s") % {"columns": "、".join(missing)})


def _unit(row: _Row, by: Member) -> Line:
    _need(row, "代码", "名称", "类别")
    kind = _KINDS.get(row["类别"])
    if kind is None:
        known = "、".join(("总部", "中心", "站", "平台"))
        raise RowRefused(
            _("类别“%(kind)s”不认识，可填：%(known)s") % {"kind": row["类别"], "known": known}
        )
    fields: dict[str, Any] = {
        "name": row["名称"], "short_name": row["简称"], "name_en": row["英文名"],
        "kind": kind, "region": row["地区"],
    }  # fmt: skip
    existing = Unit.objects.filter(code=row["代码"]).first()
    if row["上级代码"]:
        parent = Unit.objects.filter(code=row["上级代码"]).first()
        if parent is None:
            raise RowRefused(_("没有代码为“%(code)s”的上级单位") % {"code": row["上级代码"]})
        fields["parent_id"] = parent.pk
    elif existing is None:
        raise RowRefused(_("新单位要填上级代码"))
    if existing is None:
        units.unit_add(by=by, parent_id=fields["parent_id"], code=row["代码"], fields=fields)
        return Line(UNITS, row.number, row["名称"], "made")
    changed = [name for name, value in fields.items() if getattr(existing, name) != value]
    if not changed:
        return Line(UNITS, row.number, row["名称"], "unchanged")
    units.unit_change(by=by, unit_id=existing.pk, fields=fields)
    return Line(UNITS, row.number, row["名称"], "changed")


def _asked_roles(row: _Row) -> list[Role]:
    words = _SEPARATORS.split(row["角色"])
    unknown = [word for word in words if word and word not in _ROLES]
    if unknown:
        raise RowRefused(_("角色“%(role)s”不认识") % {"role": "、".join(unknown)})
    return [_ROLES[word] for word in words if word]


def _person(
    row: _Row, by: Member, grantor: Member | None, hashed: dict[str, tuple[str, str]]
) -> Line:
    _need(row, "账号", "姓名", "单位代码")
    unit = Unit.objects.filter(code=row["单位代码"]).first()
    if unit is None:
        raise RowRefused(_("没有代码为“%(code)s”的单位") % {"code": row["单位代码"]})
    asked = _asked_roles(row)
    username = row["账号"].lower()
    fields: dict[str, Any] = {
        "name": row["姓名"], "name_en": row["英文名"], "email": row["邮箱"], "phone": row["手机"],
    }  # fmt: skip
    existing = Member.objects.filter(username=username).first()
    outcome, password = "unchanged", ""
    if existing is None:
        password, kept = hashed[username]
        made = members.member_add(
            by=by, unit_id=unit.pk, username=username, password=password, hashed=kept, **fields
        )
        member, outcome = made.member, "made"
    else:
        member = existing
        fields["unit_id"] = unit.pk
        if any(getattr(member, name) != value for name, value in fields.items()):
            members.member_change(by=by, member_id=member.pk, fields=fields)
            outcome = "changed"
    note = _roles(member, unit.pk, asked, grantor)
    if note and outcome == "unchanged":
        outcome = "changed"
    return Line(PEOPLE, row.number, f"{row['姓名']} {username}", outcome, note, password)


def _roles(member: Member, unit_id: uuid.UUID, asked: list[Role], grantor: Member | None) -> str:
    held = set(
        RoleHolding.objects.filter(member=member, unit=unit_id).values_list("role", flat=True)
    )
    wanted = [role for role in asked if role.value not in held]
    if not wanted:
        return ""
    labels = "、".join(str(role.label) for role in wanted)
    if grantor is not None:
        for role in wanted:
            roles.role_grant(by=grantor, member_id=member.pk, unit_id=unit_id, role=role)
        return _("已授予：%(roles)s") % {"roles": labels}
    actions.notify(
        policy.members_with("network.grant_roles", unit_id),
        kind="roles_asked",
        title=_("%(name)s 待授予角色：%(roles)s") % {"name": member.name, "roles": labels},
        url=f"/desk/network/members/{member.pk}/",
        key=f"roles:{member.pk}:{'+'.join(sorted(role.value for role in wanted))}",
    )
    return _("待安全管理员授予：%(roles)s") % {"roles": labels}
