"""Sample pages to look the interface kit over with: who is in the rail, what waits, what is late."""

from datetime import datetime, timedelta

from django import forms

from rongmei.kernel.ui import guide
from rongmei.kernel.ui.shapes import Entry, Link, RailItem, Shell

PAGES = {
    "guide": "ui/guide.html",
    "today": "mock/today.html",
    "list": "mock/list.html",
    "detail": "mock/detail.html",
    "signin": "mock/signin.html",
    "error": "mock/error.html",
    "screen": "mock/screen.html",
    "home": "mock/portal_home.html",
    "article": "mock/portal_article.html",
}
RAIL = (
    ("今日", "Today", "sun", "t", 7),
    ("采集", "Collect", "inbox-arrow-down", "c", 0),
    ("资料库", "Archive", "circle-stack", "r", 0),
    ("监测", "Monitor", "signal", "m", 2),
    ("策划", "Plan", "calendar-days", "p", 0),
    ("稿件", "Stories", "document-text", "s", 0),
    ("审核", "Review", "clipboard-document-check", "w", 4),
    ("媒资", "Assets", "photo", "a", 0),
    ("发布", "Publish", "paper-airplane", "b", 120),
    ("效果", "Impact", "chart-bar-square", "n", 0),
    ("互联", "Network", "arrows-right-left", "e", 0),
    ("系统", "System", "cog-6-tooth", "x", 0),
)
TITLES = (
    "雪线上的灯：抢修队连夜进山恢复三个村供电",
    "一度电背后的二十四小时",
    "冬季用电高峰怎样保供：五问五答",
    "老供电所的新课堂",
    "县城充电一年：从一根桩到一条街",
    "把变电站搬进课本",
    "冬日供暖第一天",
    "海岛微电网的第 1000 天",
    "直播｜跟着无人机去巡线",
    "检修班里的三代人",
    "一封来自牧区的感谢信",
    "数字员工上岗记",
)
STATES = (
    ("待复审", "now", 1.6, None),
    ("退回", "failed", -0.6, None),
    ("草稿", "", 20, None),
    ("待终审", "now", 4, None),
    ("已签发", "done", -3, 9860),
    ("待发布", "next", 30, 128400),
)


class SignIn(forms.Form):
    username = forms.CharField(label="账号")
    password = forms.CharField(label="密码", widget=forms.PasswordInput)
    stay = forms.BooleanField(label="这台设备上保持登录 7 天", required=False)


def _waiting(now: datetime) -> list[dict[str, object]]:
    rows = (
        (
            "北部山区雨雪覆冰，网民反映松岭停电",
            "监测",
            "等你研判，已有 3 家省级媒体报道",
            "orange",
            0.6,
            "研判",
        ),
        (TITLES[0], "云岭中心 松岭站", "复审二校", "", 1.6, "审稿"),
        (TITLES[1], "滨江中心", "复审二校 · 第 2 次送审", "", -0.6, "审稿"),
        (TITLES[2], "总部约稿", "等你接单", "", 20, "接单"),
        (TITLES[3], "北原站", "复审二校", "", 28, "审稿"),
    )
    return [
        {"title": t, "unit": u, "what": w, "level": lv, "due": now + timedelta(hours=h), "act": a}
        for t, u, w, lv, h, a in rows
    ]


def _changes(now: datetime) -> list[Entry]:
    ago = lambda hours: now - timedelta(hours=hours)  # noqa: E731
    return [
        Entry("发布了《冬日供暖第一天》，4 个渠道全部送达", ago(0.3), "发布", "paper-airplane"),
        Entry(
            "把《充电桩收费投诉》从蓝色升为黄色",
            ago(1.2),
            "示例·何川",
            "arrow-trending-up",
            "两家地市媒体跟进，单平台热度持续 6 小时。",
        ),
        Entry("3 个单位报来 5 个选题，1 个可能撞题", ago(2), "策划", "light-bulb"),
        Entry("退回《县城充电一年》", ago(3), "示例·周岩", "arrow-uturn-left", state="failed"),
    ]


def _stories(now: datetime) -> list[dict[str, object]]:
    return [
        {
            "no": f"YL-1122-{18 - k:03}",
            "title": title,
            "state": STATES[k % 6][0],
            "look": STATES[k % 6][1],
            "unit": ("云岭中心", "滨江中心", "北原站")[k % 3],
            "who": ("示例·沈一鸣", "示例·周岩", "示例·林晓")[k % 3],
            "due": now + timedelta(hours=STATES[k % 6][2]),
            "done": k % 6 == 4,
            "at": now - timedelta(hours=0.4 * (k + 1) ** 1.6),
            "reads": STATES[k % 6][3],
            "hot": k == 0,
        }
        for k, title in enumerate(TITLES)
    ]


def context(now: datetime, *, english: bool = False, active: int = 0) -> dict[str, object]:
    """Everything any of `PAGES` reads."""
    hours = lambda n: timedelta(hours=n)  # noqa: E731
    unit = "Yunling Converged Media Centre" if english else "云岭省融媒体中心"
    out = guide.context(now)
    out.update(
        rail=[
            RailItem(
                en if english else zh, f"#{key}", icon, active=k == active, badge=badge, key=key
            )
            for k, (zh, en, icon, key, badge) in enumerate(RAIL)
        ],
        shell=Shell(
            search_url="#",
            palette_url="/palette",
            unit_label=unit,
            units=[Link(unit, "#", active=True), Link("松岭融媒体站", "#")],
            notices_url="#",
            notices_count=12,
            member_name="示例·沈一鸣",
            member_note="复审 · 云岭中心",
            member_menu=[
                Link("我的设置", "#", icon="user"),
                Link("退出", "#", icon="arrow-right-start-on-rectangle", post=True),
            ],
            sample=True,
        ),
        waiting=_waiting(now),
        changes=_changes(now),
        wrong=[
            {
                "title": "向短视频平台投递失败 4 条",
                "what": "账号授权 14 天后到期",
                "at": now - hours(0.2),
            },
            {"title": "南屿站断线", "what": "积压 18 条，恢复后自动补传", "at": now - hours(2.5)},
            {
                "title": "2 个信源一天没有新内容",
                "what": "地方晚报、行业周刊",
                "at": now - hours(25),
            },
        ],
        stories=_stories(now),
        due=now + hours(1.6),
        late=now - hours(0.6),
        soon=now + hours(1.1),
        old=now - hours(2),
        older=now - hours(5),
        picture="/static/pic.svg",
        ranked=TITLES[1:6],
        sections=[
            Link(name, "#", active=k == 0)
            for k, name in enumerate(
                ["要闻", "一线", "服务", "人物", "图片", "视频", "专题", "数据"]
            )
        ],
        teasers=[
            {
                "title": title,
                "text": "（示例）从早上六点的第一次巡视，到午夜的最后一条指令，记者跟随值班员走完一个普通的班次。",
                "unit": "滨江中心",
                "at": now - hours(k + 2),
            }
            for k, title in enumerate(TITLES[6:10])
        ],
        signin=SignIn(),
    )
    return out
