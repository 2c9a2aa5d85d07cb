"""Every sentence the writing page says by itself, in the reader's language: it must have them offline."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """By the name that the page's script knows them by."""
    return {
        "untitled": _("（还没有标题）"),
        "online": _("有网络"),
        "local": _("存在本机"),
        "server": _("已存服务器"),
        "waiting": _("等待送出"),
        "sent": _("已送出"),
        "localAt": _("%(at)s 存在本机"),
        "serverAt": _("%(at)s 已存服务器"),
        "notOnServer": _("还没存到服务器"),
        "waitingLong": _("等待送出：有网络时自动送出一次，不会重复"),
        "sentNumber": _("已送出 · %(number)s"),
        "signIn": _("登录已过期。草稿都在本机，登录后会接着同步。"),
        "otherMember": _("现在登录的是另一个账号。这里的草稿属于原来的人，不会用别人的名义送出。"),
        "noStore": _("这个浏览器不让网页在本机存草稿（可能是无痕窗口）。有网络时会存到服务器。"),
        "full": _("本机空间不够，最近的改动没有存下。请腾出空间，或连网后再写。"),
        "conflict": _("另一台设备也改过这篇。两份都在：这份另存为“%(title)s”，对方的那份没有动。"),
        "copyTitle": _("%(title)s（本机副本）"),
        "needTitle": _("写好标题和正文就能送出。"),
        "needDesk": _("请选择送往哪里。"),
        "needFaces": _("请先说明照片里的人是否同意公开。"),
        "facesNotYet": _("有人还没有同意：换一张，或遮住脸再传。"),
        "queued": _("没有网络，已排队。有网络时自动送出，可以放心关掉。"),
        "sending": _("正在送出…"),
        "sentNow": _("已送出，编号 %(number)s。24 小时内会有答复。"),
        "refused": _("没有送出：%(why)s"),
        "photoLocal": _("存在本机"),
        "photoUp": _("已传 %(share)d%%"),
        "photoDone": _("已传到服务器"),
        "photoFailed": _("没有传成：%(why)s"),
        "caption": _("说明：何时何地，谁在做什么"),
        "checkOffline": _("没有网络，暂时不能检查。不影响写和送出。"),
        "checkClean": _("没有发现问题，五个要素也都有了。"),
        "forbid": _("禁"),
        "caution": _("慎"),
        "hint": _("提示"),
        "deleted": _("已删除"),
        "words": _("%(n)d 字"),
        "better": _("这样写更好：%(example)s"),
        "due": _("%(at)s 前答复"),
    }
