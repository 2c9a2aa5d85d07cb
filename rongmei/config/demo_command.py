"""`rongmei demo`: the demo network, from nothing to a card that says where to click.

Not one of Django's commands: it only starts others, and would wait seconds for Django to load.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rongmei.config.demo import NODES, Demo, DemoProblem, run


def main(argv: list[str]) -> int:
    """Start the demo network and stay until Ctrl-C; the exit status."""
    parser = argparse.ArgumentParser(
        prog="rongmei demo",
        description="启动演示网络：两个节点和一个示例通讯社 / start the demo network",
    )
    parser.add_argument("--folder", default=os.environ.get("RONGMEI_DEMO_FOLDER", "var/demo"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--pace", default="demo", help="demo、all 或秒数")
    options = parser.parse_args(argv)
    demo = Demo(Path(options.folder).resolve(), options.port, options.pace, _say)
    try:
        run(demo, until_ready=_card)
    except DemoProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"· {text}\n")
    sys.stdout.flush()


def _card(demo: Demo) -> None:
    hq, centre = NODES
    lines = [
        "",
        "  融媒体云演示网络已就绪（全部内容均为示例）",
        "  The demo network is up (all content is made up)",
        "",
        f"  总部工作台 HQ workbench       {demo.url(hq)}/desk/",
        f"  云岭中心   Yunling centre     {demo.url(centre)}/desk/",
        f"  新闻平台   News site          {demo.url(hq)}/",
        f"  大屏       Big screen         {demo.url(hq)}/screen/",
        f"  接口文档   API                {demo.url(hq)}/api/v1/docs",
        f"  示例通讯社 Example wire       {demo.wire_url}/",
        "",
        "  账号 account      密码 password          身份 role",
    ]
    lines += [
        f"  {account['username']:<16}  {account['password']:<20}  {account['node']} · "
        f"{account['unit']} · {account['roles']}"
        for account in demo.accounts()
    ]
    lines += [
        "",
        f"  先点这里：用 planner 登录 {demo.url(hq)}/desk/ ，在“监测”里看热点，点“报选题”。",
        "  First: sign in as planner, open Monitor, and pitch a story from a hot topic.",
        "  Ctrl-C 停止；再次 make run 接着用。 Ctrl-C stops; make run again resumes.",
        "",
    ]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()
