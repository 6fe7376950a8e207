"""A plane with two axes, as SVG of a fixed size that fits a small screen as it is, so its letters are never scaled."""

import math
from dataclasses import dataclass
from html import escape

from lesion.views.page.scale import Scale, rounded

SIZE, LEFT, TOP, RIGHT, BOTTOM = 340, 52, 10, 14, 46  # pixels
SPAN = SIZE - LEFT - RIGHT
STEPS = (1, 2, 5)  # of a logarithmic axis, times powers of ten


@dataclass(frozen=True)
class Axis:
    """Values along one side.

    Attributes
    ----------
    scale : the ends, of the logarithm (base 10) of the values where `log`
    """

    scale: Scale
    label: str
    log: bool = False

    def share(self, value: float) -> float:
        """The place of a value, 0 to 1."""
        value = math.log10(value) if self.log else value
        return (value - self.scale.low) / (self.scale.high - self.scale.low)

    def ticks(self) -> list[float]:
        """Round values within the ends."""
        if not self.log:
            return self.scale.ticks()
        powers = range(math.floor(self.scale.low), math.ceil(self.scale.high) + 1)
        values = [step * 10.0**power for power in powers for step in STEPS]
        return [value for value in values if 0 <= self.share(value) <= 1]


@dataclass(frozen=True)
class Plane:
    """Two axes, and where on the page values lie."""

    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a point, in pixels from the left and from the top."""
        return round(LEFT + SPAN * self.x.share(x), 1), round(TOP + SPAN * (1 - self.y.share(y)), 1)

    def line(self, kind: str, *points: tuple[float, float]) -> str:
        """A line through points, of a class of the style sheet."""
        places = " ".join(f"{left},{top}" for left, top in (self.at(*point) for point in points))
        return f'<polyline class="{kind}" points="{places}"/>'

    def drawn(self, description: str, *marks: str) -> str:
        """The whole: axes with ticks and labels, and the marks on them."""
        size = f'width="{SIZE}" height="{TOP + SPAN + BOTTOM}"'
        inside = "".join([self._frame(), *marks])
        return f'<svg class="plane" role="img" aria-label="{escape(description)}" {size}>{inside}</svg>'

    def _frame(self) -> str:
        parts, bottom, middle = [], TOP + SPAN, SPAN / 2
        for tick in self.x.ticks():
            at = round(LEFT + SPAN * self.x.share(tick), 1)
            parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{TOP}" y2="{bottom}"/>')
            parts.append(f'<text x="{at}" y="{bottom + 17}" text-anchor="middle">{rounded(tick)}</text>')
        for tick in self.y.ticks():
            at = round(TOP + SPAN * (1 - self.y.share(tick)), 1)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + SPAN}" y1="{at}" y2="{at}"/>')
            parts.append(f'<text x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{rounded(tick)}</text>')
        below = f'<text x="{LEFT + middle}" y="{bottom + 37}" text-anchor="middle">{escape(self.x.label)}</text>'
        turned = f'transform="translate(13 {TOP + middle}) rotate(-90)"'
        return "".join([*parts, below, f'<text {turned} text-anchor="middle">{escape(self.y.label)}</text>'])


def key(mark: str) -> str:
    """A drawing beside the text that says what it means."""
    return f'<svg class="key" aria-hidden="true">{mark}</svg>'
