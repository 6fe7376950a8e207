import matplotlib
import pytest

from lesion.params.figure import Figure
from lesion.views.figures import style


@pytest.mark.parametrize("count", range(1, 13))
def test_panels(count: int) -> None:
    with style.applied(Figure(width=8, height=5, font_size=8)):
        panels, spare = style.panels(style.canvas("title"), count, sharey=False)
    assert len(panels) == count
    assert spare is None or spare not in panels


def test_style_is_left_as_it_was() -> None:
    before = dict(matplotlib.rcParams)
    with style.applied(Figure(width=8, height=5, font_size=31)):
        assert matplotlib.rcParams["font.size"] == 31
    assert dict(matplotlib.rcParams) == before
