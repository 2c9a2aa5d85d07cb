"""Draws the wire's news pictures and logos: invented scenes from a name and a seed, no photographs.

A picture name is `<scene>-<seed>`; the same name always gives the same bytes with the same Pillow.
Pictures are drawn at twice their size and scaled down, which smooths every edge.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1200, 675)
_W, _H = SIZE[0] * 2, SIZE[1] * 2
LOGO_SIZE = 128

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Light:
    """The colours of one time of day, from the top of the sky to the nearest ground."""

    high: Colour
    low: Colour
    sun: Colour
    far: Colour
    near: Colour


_DAY = _Light((74, 134, 190), (214, 232, 240), (255, 250, 228), (132, 163, 178), (46, 84, 70))
_DUSK = _Light((52, 58, 110), (246, 160, 92), (255, 222, 150), (146, 92, 98), (38, 30, 48))
_NIGHT = _Light((10, 16, 38), (44, 62, 104), (232, 236, 245), (30, 42, 74), (10, 14, 28))
_STORM = _Light((40, 48, 58), (120, 134, 142), (190, 198, 200), (74, 88, 96), (26, 34, 40))
_SNOW = _Light((132, 160, 190), (232, 238, 244), (255, 252, 240), (190, 206, 220), (236, 241, 246))


class _Canvas:
    """The sheet, its pen and the picture's own random numbers."""

    def __init__(self, light: _Light, seed: int) -> None:
        self.light = light
        self.rng = random.Random(seed)  # noqa: S311 - scenery, and it must repeat
        self.image = _sky(light)
        self.pen = ImageDraw.Draw(self.image)

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A soft disc of light: the sun, the moon or a lamp."""
        mask = Image.new("L", (_W // 8, _H // 8), 0)
        pen = ImageDraw.Draw(mask)
        halo = radius * 2.6
        pen.ellipse(_box(x / 8, y / 8, halo / 8), fill=90)
        pen.ellipse(_box(x / 8, y / 8, radius * 1.3 / 8), fill=170)
        mask = mask.filter(ImageFilter.GaussianBlur(radius / 12)).resize((_W, _H))
        self.image.paste(Image.new("RGB", (_W, _H), colour), mask=mask)
        self.pen = ImageDraw.Draw(self.image)
        self.pen.ellipse(_box(x, y, radius), fill=colour)

    def ridge(self, base: float, rise: float, colour: Colour, steps: int = 64) -> list[float]:
        """One line of hills filled down to the bottom edge; returns the heights of its points."""
        waves = [
            (self.rng.uniform(0.6, 1.6) * k, self.rng.uniform(0, 6.28), 1 / k)
            for k in (1, 2, 5, 11)
        ]
        heights = []
        for step in range(steps + 1):
            t = step / steps * 6.28
            heights.append(base - rise * sum(_sin(t * f + p) * a for f, p, a in waves) / 2)
        points = [(step * _W / steps, y) for step, y in enumerate(heights)]
        self.pen.polygon([*points, (_W, _H), (0, _H)], fill=colour)
        return heights

    def hills(self, layers: int = 4, top: float = 0.5) -> list[float]:
        """Layers of hills, pale far away and dark near; returns the nearest line."""
        line: list[float] = []
        for layer in range(layers):
            t = layer / max(layers - 1, 1)
            base = _H * (top + (0.92 - top) * t)
            line = self.ridge(
                base, _H * (0.11 - 0.04 * t), _mix(self.light.far, self.light.near, t)
            )
        return line

    def pylon(
        self, x: float, foot: float, height: float, colour: Colour
    ) -> list[tuple[float, float]]:
        """A lattice tower; returns the points where its wires hang."""
        pen, half, waist = self.pen, height * 0.13, height * 0.035
        width = max(3, int(height / 90))
        top, neck = foot - height, foot - height * 0.62
        for side in (-1, 1):
            pen.line([(x + side * half, foot), (x + side * waist, neck)], colour, width)
            pen.line([(x + side * waist, neck), (x + side * waist * 0.5, top)], colour, width)
        for step in range(6):
            low, high = step / 6, (step + 1) / 6
            a, b = half + (waist - half) * low, half + (waist - half) * high
            y0, y1 = foot + (neck - foot) * low, foot + (neck - foot) * high
            pen.line([(x - a, y0), (x + b, y1)], colour, max(2, width - 1))
            pen.line([(x + a, y0), (x - b, y1)], colour, max(2, width - 1))
        hooks = []
        for level, reach in ((0.66, 0.2), (0.79, 0.26), (0.92, 0.17)):
            y = foot - height * level
            for side in (-1, 1):
                tip = x + side * height * reach
                pen.line([(x, y - height * 0.03), (tip, y)], colour, width)
                pen.line([(x, y), (tip, y)], colour, width)
                hook = (tip, y + height * 0.035)
                pen.line([(tip, y), hook], colour, width)
                hooks.append(hook)
        return hooks

    def wire(self, start: tuple[float, float], end: tuple[float, float], colour: Colour) -> None:
        """One hanging line between two hooks."""
        sag = abs(end[0] - start[0]) * 0.06
        points = []
        for step in range(25):
            t = step / 24
            y = start[1] + (end[1] - start[1]) * t + 4 * sag * t * (1 - t)
            points.append((start[0] + (end[0] - start[0]) * t, y))
        self.pen.line(points, colour, 3)

    def line_of_pylons(self, colour: Colour) -> None:
        """Towers growing from the far left to the near right, joined by six wires."""
        hooks: list[tuple[float, float]] = []
        for x, foot, height in ((0.1, 0.66, 0.2), (0.3, 0.72, 0.31), (0.62, 0.86, 0.52)):
            shift = self.rng.uniform(-0.02, 0.02)
            new = self.pylon((x + shift) * _W, foot * _H, height * _H, colour)
            for start, end in zip(hooks, new, strict=False):
                self.wire(start, end, colour)
            hooks = new
        for hook in hooks:
            self.wire(hook, (_W * 1.25, hook[1] - _H * 0.16), colour)

    def skyline(self, base: float, tall: float, colour: Colour, lit: float) -> None:
        """A row of buildings; `lit` is the share of windows with a light."""
        x = -40.0
        while x < _W:
            width = self.rng.uniform(90, 210)
            top = base - tall * self.rng.uniform(0.35, 1.0) * _H
            self.pen.rectangle([x, top, x + width, _H], fill=colour)
            if self.rng.random() < 0.25:
                self.pen.line([(x + width / 2, top), (x + width / 2, top - 70)], colour, 6)
            y = top + 26
            while lit and y < base - 10:
                for column in range(int(width // 30)):
                    if self.rng.random() < lit:
                        left = x + 12 + column * 30
                        self.pen.rectangle([left, y, left + 13, y + 18], fill=(255, 214, 130))
                y += 38
            x += width + self.rng.uniform(0, 26)

    def sea(self, horizon: float, light: Colour, dark: Colour) -> None:
        """Water from the horizon down, with strokes of light that widen as they come near."""
        for y in range(int(horizon), _H, 4):
            t = (y - horizon) / (_H - horizon)
            self.pen.rectangle([0, y, _W, y + 4], fill=_mix(light, dark, t))
        for _ in range(420):
            t = self.rng.random() ** 1.6
            y = horizon + t * (_H - horizon)
            x, length = self.rng.uniform(0, _W), 30 + 240 * t
            shade = _mix(light, (255, 255, 255), self.rng.uniform(0.05, 0.4) * (1 - t * 0.6))
            self.pen.line([(x, y), (x + length, y)], shade, 2 + int(5 * t))

    def house(self, x: float, foot: float, size: float, wall: Colour, roof: Colour) -> None:
        """A village house with one lit window."""
        self.pen.rectangle([x, foot - size * 0.6, x + size, foot], fill=wall)
        peak = (x + size / 2, foot - size * 1.05)
        left, right = (x - size * 0.14, foot - size * 0.58), (x + size * 1.14, foot - size * 0.58)
        self.pen.polygon([left, peak, right], fill=roof)
        window = [x + size * 0.2, foot - size * 0.42, x + size * 0.42, foot - size * 0.2]
        self.pen.rectangle(window, fill=(255, 220, 150))
        self.pen.rectangle([x + size * 0.6, foot - size * 0.42, x + size * 0.8, foot], fill=roof)


def _pylons(seed: int) -> Image.Image:
    canvas = _Canvas((_DUSK, _DAY, _SNOW)[seed % 3], seed)
    canvas.glow(_W * canvas.rng.uniform(0.7, 0.85), _H * 0.3, 95, canvas.light.sun)
    canvas.hills()
    canvas.line_of_pylons((58, 70, 84) if canvas.light is _SNOW else (24, 24, 34))
    return canvas.image


def _hills(seed: int) -> Image.Image:
    canvas = _Canvas((_DAY, _DUSK)[seed % 2], seed)
    canvas.glow(_W * canvas.rng.uniform(0.15, 0.4), _H * 0.24, 80, canvas.light.sun)
    near = canvas.hills(layers=6, top=0.38)
    for row in range(1, 9):
        # Terraces follow the nearest ridge, closer together towards the top.
        shift = row * row * 9
        points = [(i * _W / 64, y + shift) for i, y in enumerate(near)]
        canvas.pen.line(points, _mix(canvas.light.near, (190, 205, 120), 0.35), 5)
    return canvas.image


def _sunset(seed: int) -> Image.Image:
    canvas = _Canvas(_DUSK, seed)
    canvas.glow(_W * canvas.rng.uniform(0.35, 0.65), _H * 0.5, 150, canvas.light.sun)
    canvas.sea(_H * 0.62, (232, 140, 96), (44, 34, 66))
    canvas.ridge(_H * 0.63, _H * 0.04, (78, 52, 78))
    canvas.sea(_H * 0.68, (214, 128, 96), (40, 32, 62))
    return canvas.image


def _city(seed: int) -> Image.Image:
    canvas = _Canvas((_DUSK, _DAY)[seed % 2], seed)
    canvas.glow(_W * 0.2, _H * 0.34, 90, canvas.light.sun)
    lit = 0.25 if canvas.light is _DUSK else 0.0
    for layer, t in enumerate((0.15, 0.55, 1.0)):
        colour = _mix(canvas.light.far, (38, 48, 66), t)
        canvas.skyline(_H * (0.86 + 0.05 * layer), 0.55 - 0.14 * layer, colour, lit * t)
    return canvas.image


def _night(seed: int) -> Image.Image:
    canvas = _Canvas(_NIGHT, seed)
    for _ in range(160):
        x, y = canvas.rng.uniform(0, _W), canvas.rng.uniform(0, _H * 0.5)
        canvas.pen.ellipse(_box(x, y, canvas.rng.uniform(1, 3.4)), fill=(220, 226, 240))
    canvas.glow(_W * canvas.rng.uniform(0.72, 0.88), _H * 0.2, 70, canvas.light.sun)
    canvas.skyline(_H * 0.84, 0.42, (26, 36, 66), 0.35)
    canvas.skyline(_H * 0.9, 0.3, (14, 20, 40), 0.5)
    canvas.sea(_H * 0.86, (40, 54, 92), (10, 14, 28))
    for _ in range(70):
        x, y = canvas.rng.uniform(0, _W), canvas.rng.uniform(_H * 0.88, _H * 0.99)
        canvas.pen.line([(x, y), (x, y + canvas.rng.uniform(14, 60))], (236, 190, 112), 5)
    return canvas.image


def _sea(seed: int) -> Image.Image:
    canvas = _Canvas(_DAY, seed)
    canvas.glow(_W * 0.78, _H * 0.2, 80, canvas.light.sun)
    canvas.ridge(_H * 0.56, _H * 0.05, canvas.light.far)
    canvas.sea(_H * 0.58, (150, 196, 210), (22, 74, 104))
    x, y = _W * canvas.rng.uniform(0.3, 0.5), _H * 0.72
    hull = [(x, y), (x + 420, y), (x + 370, y + 76), (x + 56, y + 76)]
    canvas.pen.polygon(hull, fill=(178, 62, 48))
    canvas.pen.rectangle([x + 90, y - 74, x + 260, y], fill=(244, 244, 238))
    for port in range(3):
        canvas.pen.rectangle(
            [x + 106 + port * 52, y - 54, x + 138 + port * 52, y - 26], (90, 130, 150)
        )
    canvas.pen.line([(x + 320, y), (x + 320, y - 150)], (70, 70, 76), 8)
    return canvas.image


def _storm(seed: int) -> Image.Image:
    canvas = _Canvas(_STORM, seed)
    for _ in range(26):
        x, y = canvas.rng.uniform(-100, _W), canvas.rng.uniform(0, _H * 0.3)
        shade = _mix((46, 54, 64), (104, 116, 124), canvas.rng.random())
        canvas.pen.ellipse([x, y, x + canvas.rng.uniform(300, 900), y + 150], fill=shade)
    canvas.image = canvas.image.filter(ImageFilter.GaussianBlur(26))
    canvas.pen = ImageDraw.Draw(canvas.image)
    canvas.sea(_H * 0.6, (124, 140, 146), (34, 50, 58))
    for layer in range(3):
        colour = _mix((96, 116, 122), (40, 58, 66), layer / 2)
        canvas.ridge(_H * (0.72 + 0.09 * layer), _H * 0.05, colour)
    canvas.pylon(_W * 0.76, _H * 0.88, _H * 0.5, (20, 26, 30))
    for _ in range(520):
        x, y = canvas.rng.uniform(-80, _W), canvas.rng.uniform(0, _H)
        canvas.pen.line([(x, y), (x - 26, y + 74)], (176, 188, 194), 2)
    return canvas.image


def _wind(seed: int) -> Image.Image:
    canvas = _Canvas((_DAY, _DUSK)[seed % 2], seed)
    canvas.glow(_W * 0.22, _H * 0.3, 90, canvas.light.sun)
    canvas.sea(_H * 0.66, _mix(canvas.light.low, (120, 170, 190), 0.5), (26, 66, 96))
    for place in range(6):
        size = (0.24, 0.5, 0.3, 0.62, 0.27, 0.42)[place] * _H
        x, foot = _W * (0.1 + place * 0.16), _H * (0.66 + size / _H * 0.16)
        hub = (x, foot - size)
        canvas.pen.polygon(
            [(x - size * 0.022, foot), (x - size * 0.01, hub[1]), (x + size * 0.01, hub[1]),
             (x + size * 0.022, foot)], fill=(246, 247, 248))  # fmt: skip
        turn = canvas.rng.uniform(0, 2.09)
        for blade in range(3):
            angle = turn + blade * 2.094
            tip = (hub[0] + size * 0.5 * _sin(angle), hub[1] - size * 0.5 * _sin(angle + 1.571))
            canvas.pen.line([hub, tip], (246, 247, 248), max(4, int(size / 46)))
        canvas.pen.ellipse(_box(*hub, size * 0.028), fill=(225, 228, 230))
    return canvas.image


def _solar(seed: int) -> Image.Image:
    canvas = _Canvas(_DAY, seed)
    canvas.glow(_W * 0.8, _H * 0.2, 110, canvas.light.sun)
    canvas.hills(layers=3, top=0.46)
    for row in range(5):
        depth = row / 4
        y, tall = _H * (0.6 + 0.085 * row), _H * (0.035 + 0.045 * depth)
        width, lean = _W * (0.075 + 0.045 * depth), _W * 0.02
        x = -canvas.rng.uniform(0, width)
        while x < _W:
            panel = [(x + lean, y), (x + width + lean, y), (x + width, y + tall), (x, y + tall)]
            canvas.pen.polygon(panel, fill=(28, 54, 104), outline=(176, 196, 216))
            for cell in (1, 2, 3):
                cx = x + width * cell / 4
                canvas.pen.line([(cx + lean, y), (cx, y + tall)], (84, 118, 168), 3)
            canvas.pen.line(
                [(x + lean / 2, y + tall / 2), (x + width, y + tall / 2)], (84, 118, 168), 3
            )
            x += width * 1.06
    return canvas.image


def _village(seed: int) -> Image.Image:
    canvas = _Canvas((_DUSK, _DAY)[seed % 2], seed)
    canvas.glow(_W * 0.3, _H * 0.26, 85, canvas.light.sun)
    canvas.hills(layers=5, top=0.4)
    wall, roof = (226, 214, 192), (92, 62, 54)
    for row in range(3):
        size = 110 + row * 70
        x = canvas.rng.uniform(0, 120)
        while x < _W - size:
            if canvas.rng.random() < 0.6:
                foot = _H * (0.7 + row * 0.1) + canvas.rng.uniform(-14, 14)
                canvas.house(x, foot, size, _mix(canvas.light.far, wall, 0.5 + row * 0.2), roof)
            x += size * canvas.rng.uniform(1.3, 2.0)
    return canvas.image


def _helmets(seed: int) -> Image.Image:
    canvas = _Canvas((_DAY, _DUSK)[seed % 2], seed)
    canvas.glow(_W * 0.82, _H * 0.22, 85, canvas.light.sun)
    canvas.hills(layers=3, top=0.52)
    canvas.line_of_pylons(_mix(canvas.light.near, canvas.light.far, 0.3))
    for person in range(5):
        x = _W * (0.12 + person * 0.19) + canvas.rng.uniform(-30, 30)
        head = _H * (0.7 + canvas.rng.uniform(-0.03, 0.03))
        canvas.pen.rounded_rectangle([x - 150, head + 96, x + 150, _H + 60], 90, (236, 120, 42))
        for side in (-1, 1):
            stripe = [x + side * 80 - 16, head + 100, x + side * 80 + 16, _H]
            canvas.pen.rectangle(stripe, fill=(246, 232, 150))
        canvas.pen.rectangle([x - 30, head + 60, x + 30, head + 120], fill=(150, 108, 82))
        canvas.pen.ellipse(_box(x, head, 84), fill=(176, 128, 98))
        helmet = (245, 246, 246) if canvas.rng.random() < 0.3 else (250, 190, 40)
        canvas.pen.pieslice(_box(x, head - 14, 106), 180, 360, fill=helmet)
        canvas.pen.rounded_rectangle([x - 124, head - 26, x + 124, head], 12, helmet)
        canvas.pen.line([(x, head - 118), (x, head - 26)], _mix(helmet, (60, 60, 60), 0.25), 10)
    return canvas.image


def _control(seed: int) -> Image.Image:
    canvas = _Canvas(_NIGHT, seed)
    canvas.pen.rectangle([0, 0, _W, _H], fill=(16, 24, 38))
    canvas.pen.rectangle(
        [140, 110, _W - 140, 800], fill=(10, 40, 62), outline=(60, 120, 150), width=6
    )
    for panel in range(4):
        left = 190 + panel * 515
        canvas.pen.rectangle([left, 160, left + 465, 750], fill=(12, 52, 78))
        for row, colour in enumerate(((240, 120, 90), (250, 206, 110), (110, 206, 220))):
            y = 280.0 + row * 150
            points = []
            for step in range(24):
                y += canvas.rng.uniform(-22, 22)
                points.append((left + 20 + step * 18.5, max(190, min(730, y))))
            canvas.pen.line(points, colour, 6)
    for seat in range(5):
        x = 160 + seat * 450
        canvas.pen.rectangle(
            [x, 960, x + 330, 1130], fill=(30, 70, 96), outline=(84, 150, 176), width=5
        )
        canvas.pen.rounded_rectangle([x + 70, 1150, x + 260, _H + 40], 70, (28, 34, 46))
        canvas.pen.ellipse(_box(x + 165, 1120, 62), fill=(40, 40, 48))
    canvas.pen.rectangle([0, 1215, _W, 1235], fill=(70, 84, 100))
    return canvas.image


SCENES: dict[str, Callable[[int], Image.Image]] = {
    "pylons": _pylons, "hills": _hills, "sunset": _sunset, "city": _city, "night": _night,
    "sea": _sea, "storm": _storm, "wind": _wind, "solar": _solar, "village": _village,
    "helmets": _helmets, "control": _control,
}  # fmt: skip

# The strokes of 示例 on a grid of 24 by 10, so that the mark needs no Chinese font to be installed.
_MARK: tuple[tuple[tuple[float, float], ...], ...] = (
    ((2, 1), (8, 1)), ((0.5, 4), (9.5, 4)), ((5, 4), (5, 9.5), (4, 8.8)),
    ((2.6, 5.6), (1, 8.4)), ((7.2, 5.6), (9, 8.2)),
    ((14.2, 0.5), (12.4, 5)), ((13.4, 3.4), (13.4, 9.6)),
    ((15, 1.4), (19, 1.4)), ((16.6, 1.4), (15, 5.4)), ((16, 3.8), (18.6, 3.8), (17.4, 7.4), (15, 9.6)),
    ((15.9, 5.4), (17, 6.6)),
    ((20.4, 2.4), (20.4, 7.2)), ((22.8, 0.6), (22.8, 9.6), (21.6, 8.9)),
)  # fmt: skip


@lru_cache(maxsize=128)
def jpeg(name: str) -> bytes | None:
    """The picture called `<scene>-<seed>` as a 1200x675 JPEG, or None when there is no such scene."""
    scene, _, seed = name.rpartition("-")
    draw = SCENES.get(scene)
    if draw is None or not seed.isascii() or not seed.isdigit() or len(seed) > 6:
        return None
    image = draw(int(seed)).resize(SIZE, Image.Resampling.LANCZOS)
    _mark(image)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=84, optimize=True)
    return out.getvalue()


@lru_cache(maxsize=64)
def logo(slug: str, colour: str) -> bytes:
    """A medium's PNG logo: its colour and a pattern that depends on its slug."""
    rng = random.Random(slug)  # noqa: S311 - a pattern, and it must repeat
    side = LOGO_SIZE * 4
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle([0, 0, side - 1, side - 1], side // 5, fill=colour)
    # A mirrored grid reads as a sign rather than as noise.
    for row in range(5):
        for column in range(3):
            if rng.random() < 0.55:
                for place in {column, 4 - column}:
                    x, y = 71 + place * 74, 71 + row * 74
                    pen.rounded_rectangle([x, y, x + 73, y + 73], 16, fill=(255, 255, 255, 235))
    out = io.BytesIO()
    image.resize((LOGO_SIZE, LOGO_SIZE), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _mark(image: Image.Image) -> None:
    left, top, unit = SIZE[0] - 112, SIZE[1] - 62, 3.6
    plate = Image.new("L", SIZE, 0)
    ImageDraw.Draw(plate).rounded_rectangle(
        [left - 12, top - 12, left + 98, top + 48], 10, fill=120
    )
    image.paste(Image.new("RGB", SIZE, (0, 0, 0)), mask=plate)
    pen = ImageDraw.Draw(image)
    for stroke in _MARK:
        points = [(left + x * unit, top + y * unit) for x, y in stroke]
        pen.line(points, (255, 255, 255), 3, joint="curve")


def _sky(light: _Light) -> Image.Image:
    column = Image.new("RGB", (1, _H))
    column.putdata([_mix(light.high, light.low, min(1.0, y / (_H * 0.7))) for y in range(_H)])
    return column.resize((_W, _H))


def _mix(a: Colour, b: Colour, t: float) -> Colour:
    red, green, blue = (round(x + (y - x) * t) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return (x - radius, y - radius, x + radius, y + radius)


def _sin(angle: float) -> float:
    # math.sin may differ in the last digit between C libraries; rounding keeps the bytes the same.
    return round(math.sin(angle), 6)
