"""Pictures of the key pages for the documentation: `make screenshots`.

Starts the demo network, walks the main job and stops at the pages worth showing, in Chinese and
English. Not a part of the tests: the pictures change only when somebody asks for new ones.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.demo_network import ROOT, eventually, running
from tests.e2e.journey import Journey
from tests.e2e.monitor import SAVED, failing_source
from tests.e2e.people import DESK, PHONE, WALL, House, Person, house

IMAGES = ROOT / "docs" / "images"
LIMIT = 200_000
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


def save(person: Person, name: str, folder: Path) -> None:
    """What the person sees, in at most 256 colours: interface pictures lose nothing by it."""
    person.page.evaluate("document.fonts.ready")
    # Messages of the last action and moving parts would make each run's picture another one.
    raw = person.page.screenshot(animations="disabled", caret="hide")
    with Image.open(io.BytesIO(raw)) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    path = folder / f"{name}.png"
    small.save(path, optimize=True)
    size = path.stat().st_size
    if size > LIMIT:
        raise RuntimeError(f"{path.name} has {size} bytes, more than {LIMIT}")


class Camera:
    """People whose browsers stand still: one a person, size and language."""

    def __init__(self, people: House, folder: Path) -> None:
        self.people, self.folder = people, folder
        self.seen: dict[tuple[str, int, str], Person] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def _who(self, username: str, size: dict[str, int], language: str) -> Person:
        key = (username, size["width"], language)
        if key not in self.seen:
            tongue = LANGUAGES[language]
            if username:
                person = self.people.sign_in(username, size=size, language=tongue)
            else:
                person = self.people.visitor(size=size, language=tongue)
            self.seen[key] = person
        return self.seen[key]

    def take(
        self, name: str, username: str, path: str, size: dict[str, int] | None = None,
        ready: str = "",
    ) -> None:  # fmt: skip
        """One page in both languages, once `ready` is there; without `username`, as a reader."""
        for language in LANGUAGES:
            person = self._who(username, size or DESK, language)
            self._speak(person, language)
            person.go(path)
            if "/cms/" in path:
                person.page.locator(".public-DraftEditor-content").first.wait_for()
            if ready:
                person.page.locator(ready).first.wait_for()
            if path == "/screen/":
                person.page.locator(".tile-slot").first.wait_for()
            save(person, f"{language}-{name}", self.folder)

    def _speak(self, person: Person, language: str) -> None:
        """The demo's accounts ask for Chinese; the cookie of the switch says otherwise."""
        code = {"zh": "zh-hans", "en": "en"}[language]
        slug = "yunling" if person.node == self.people.nodes["yunling"] else "hq"
        person.context.add_cookies([{"name": f"rm_lang_{slug}", "value": code, "url": person.node}])


def shoot_archive(camera: Camera, people: House, wire: str) -> None:
    """The day of a duty monitor and an analyst: a search, a saved one, an export, a failing source."""
    failing = failing_source(people, wire)
    page = people.sign_in("analyst").go("/desk/archive/?q=台风 抢修")
    page.fill("#save-name", SAVED)
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state("load")
    camera.take("search", "analyst", "/desk/archive/?q=台风")
    camera.take("search-phone", "analyst", "/desk/archive/?q=台风", PHONE)
    camera.take("saved", "analyst", "/desk/archive/saved/", ready="svg.spark")
    camera.take("export", "analyst", "/desk/archive/export/?q=台风")
    camera.take("sources", "duty", "/desk/sources/")
    camera.take("source-failing", "duty", failing)
    camera.take("source-failing-phone", "duty", failing, PHONE)


def shoot(people: House, folder: Path, wire: str) -> Journey:
    """Walk the main job and take the pictures on the way."""
    camera, job = Camera(people, folder), Journey(people)
    job.watch()
    shoot_archive(camera, people, wire)
    camera.take("topics", "duty", "/desk/monitoring/")
    job.propose()
    camera.take("pitch", "planner", job.pitch)
    job.dispatch()

    def arrived() -> bool:
        job.who("yl.chief", phone=True).go("/desk/")
        return job.who("yl.chief", phone=True).page.locator(f"a[href='{job.task}']").count() > 0

    eventually(arrived)
    camera.take("task-phone", "yl.chief", job.task, PHONE)
    job.accept()
    job.write()
    camera.take("editor", "yl.reporter", job.editor)
    job.submit()
    camera.take("review", "yl.first", job.story.replace("/desk/stories/", "/desk/stories/review/"))
    for reviewer in ("yl.first", "yl.second", "yl.chief"):
        job.sign(reviewer)
    job.publish()
    job.post_by_hand()
    job.read()
    job.keep()
    job.count()
    camera.take("today", "planner", "/desk/")
    camera.take("portal", "", "/")
    camera.take("screen", "analyst", "/screen/", WALL)
    return job


def main() -> None:
    """Make docs/images anew."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as network:
        nodes = {"hq": network.hq, "yunling": network.yunling}
        with house(nodes, network.accounts()) as people:
            # Nothing is measured here: a busy machine only takes longer.
            people.patience = 90_000
            shoot(people, IMAGES, network.wire)


if __name__ == "__main__":
    main()
