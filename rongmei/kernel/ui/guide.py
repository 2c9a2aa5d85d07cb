"""What the style guide (`ui/guide.html`) is drawn with: invented sample data for every state."""

from datetime import datetime, timedelta

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext, gettext_lazy

from rongmei.kernel.ui.shapes import Bar, Entry, Step


class GuideForm(forms.Form):
    """One field of each sort, so that each can be looked at."""

    title = forms.CharField(label=gettext_lazy("标题"), help_text=gettext_lazy("不超过 30 字"), max_length=30)
    kind = forms.ChoiceField(
        label=gettext_lazy("体裁"),
        choices=[("news", gettext_lazy("消息")), ("feature", gettext_lazy("通讯"))],
    )
    due = forms.DateTimeField(label=gettext_lazy("截止"), required=False)
    words = forms.IntegerField(label=gettext_lazy("字数"), required=False, disabled=True)
    point = forms.CharField(
        label=gettext_lazy("新闻点"), widget=forms.Textarea, help_text=gettext_lazy("一句话说清新在哪里")
    )
    forms_ = forms.MultipleChoiceField(
        label=gettext_lazy("呈现形式"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("text", gettext_lazy("文字")), ("photo", gettext_lazy("图片")), ("video", gettext_lazy("视频"))],
    )
    urgent = forms.BooleanField(label=gettext_lazy("按突发处理"), required=False)


def steps(now: datetime) -> list[Step]:
    """A story half way through its reviews."""
    return [
        Step(gettext("采写"), "done", gettext("示例·林晓"), now - timedelta(hours=7), timedelta(hours=3, minutes=10)),
        Step(gettext("初审一校"), "done", gettext("示例·周岩"), now - timedelta(hours=4), timedelta(minutes=42)),
        Step(
            gettext("复审二校"),
            "now",
            gettext("示例·沈一鸣"),
            now - timedelta(minutes=25),
            due=now + timedelta(minutes=95),
        ),
        Step(gettext("终审三校"), "next", gettext("示例·陆书宁")),
        Step(gettext("发布"), "next", note=gettext("4 个渠道")),
    ]


def failed_steps(now: datetime) -> list[Step]:
    """A story sent back."""
    return [
        Step(gettext("采写"), "done", gettext("示例·林晓"), now - timedelta(days=1)),
        Step(
            gettext("初审一校"),
            "failed",
            gettext("示例·周岩"),
            now - timedelta(hours=2),
            note=gettext("退回：导语缺时间和地点"),
        ),
        Step(gettext("复审二校"), "next"),
        Step(gettext("终审三校"), "next"),
    ]


def entries(now: datetime) -> list[Entry]:
    """A story's history."""
    return [
        Entry(gettext("开始复审二校"), now - timedelta(minutes=25), gettext("示例·沈一鸣"), "eye", state="now"),
        Entry(
            gettext("通过初审一校"),
            now - timedelta(hours=4),
            gettext("示例·周岩"),
            "check",
            gettext("标题里的“首座”请核对，已附批复。"),
        ),
        Entry(gettext("机器检查：2 处提示"), now - timedelta(hours=4, minutes=45), icon="shield-check"),
        Entry(gettext("交稿，1,286 字，4 张照片"), now - timedelta(hours=5), gettext("示例·林晓"), "paper-airplane"),
        Entry(gettext("接受任务"), now - timedelta(days=1), gettext("示例·林晓")),
    ]


def context(now: datetime) -> dict[str, object]:
    """Everything `ui/guide.html` reads."""
    bad = GuideForm({"title": "", "kind": "news", "point": ""})
    bad.is_valid()
    return {
        "now": now,
        "steps": steps(now),
        "failed_steps": failed_steps(now),
        "entries": entries(now),
        "form": GuideForm(initial={"title": gettext("抢修队连夜进山"), "words": 800}),
        "bad": bad,
        "page": Paginator(range(87), 10).page(3),
        "minutes_ago": now - timedelta(minutes=3),
        "yesterday": now - timedelta(days=1),
        "long_ago": now - timedelta(days=210),
        "in_an_hour": now + timedelta(minutes=65),
        "in_days": now + timedelta(days=3, hours=4),
        "late": now - timedelta(minutes=35),
        "span": timedelta(hours=1, minutes=5),
        "trend": [12, 18, 15, 22, 19, None, 31, 28, 36, 41],
        "buckets": [(f"{hour}:00", float((hour * 7) % 23)) for hour in range(24)],
        "bars": [
            Bar(gettext("云岭中心"), 128400, "#", gettext("上月 96,000")),
            Bar(gettext("滨江中心"), 86200, "#"),
            Bar(gettext("北原站"), 9120, "#"),
            Bar(gettext("南屿站"), None, note=gettext("接口中断，没有数据")),
        ],
    }
