import io
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesion.artifacts.tables import read_parquet
from lesion.audit.comparison.classes import class_names
from lesion.audit.statistics.pie import SCHEMA as PIE
from lesion.views.example_images import read_images
from lesion.views.gallery import page
from lesion.views.order import strongest_first
from tests.views.synthetic import Study


class Reader(HTMLParser):
    """Checks that tags close in order, and collects elements with the section that they are in."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sections: list[str] = []
        self.images: list[tuple[str, dict[str, str | None]]] = []
        self.targets: set[str] = set()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if "id" in found:
            self.targets.add(str(found["id"]))
        if tag == "a":
            self.links.append(str(found["href"]))
        if tag == "section":
            self.sections.append(str(found["id"]))
        if tag == "img":
            self.images.append((self.sections[-1], found))
        elif tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "section":
            self.sections.pop()


def made(study: Study, folder: Path) -> tuple[str, Reader]:
    given = {"examples": study.examples, "images": study.images, "page": folder / "index.html"}
    page.gallery(study=study.made.study, pie=study.statistic("pie"), **given)
    text = given["page"].read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return text, reader


def graded(study: Study, variant: str) -> pd.DataFrame:
    return pd.DataFrame(read_parquet(study.statistic("pie")[variant], PIE).to_pandas())


def test_holds_each_pie_in_the_section_of_its_variant_and_class(study: Study, tmp_path: Path) -> None:
    _, reader = made(study, tmp_path)
    found = [(section, image["alt"]) for section, image in reader.images]
    expected = []
    for variant in study.compressed:
        rows = graded(study, variant)
        for row in rows[rows["pie"]].to_dict("records"):
            expected.append((f"{variant}-class-{row['label']}", f"Example {row['example_id']}"))
    assert len(expected) > 3
    assert sorted(found) == sorted(expected)


def test_images_are_the_pixels(study: Study, tmp_path: Path) -> None:
    _, reader = made(study, tmp_path)
    for _, image in reader.images:
        example = int(str(image["alt"]).split()[1])
        encoded = str(image["src"]).removeprefix("data:image/png;base64,")
        pixels = np.asarray(Image.open(io.BytesIO(b64decode(encoded))))
        assert np.array_equal(pixels, np.asarray(read_images(study.examples, study.images, [example])[example])[..., 0])


def test_labels_shares_score_and_q_stand_beside(study: Study, tmp_path: Path) -> None:
    text, _ = made(study, tmp_path)
    names = class_names(study.examples)
    rows = graded(study, "gmp-90")
    section = text[text.index('<section id="gmp-90">') : text.index('<section id="float16">')]
    for row in rows[rows["pie"]].to_dict("records"):
        card = section[section.index(f'alt="Example {row["example_id"]}"') :].split("</figure>")[0]
        cells = [re.sub(r"&lt;", "<", cell) for cell in re.findall(r"<td>(.*?)</td>", card)]
        cells = [cell.replace("&gt;", ">").replace("&amp;", "&") for cell in cells]
        assert cells == [names[row[key]] for key in ("label", "dense_label", "compressed_label")]
        assert re.findall(r'"share">(\d+) %', card) == [
            f"{100 * row[key]:.0f}" for key in ("dense_share", "compressed_share")
        ]
        assert f"<span>score {row['pie_score']:.2f}, q {row['q']:.2g}</span>" in card
        right = (row["dense_label"] == row["label"], row["compressed_label"] == row["label"])
        assert f">{page.KINDS[right]}</span>" in card


@pytest.mark.parametrize(
    ("confidence", "shown"), [((0.9, 0.25), "confidence 0.90, then 0.25"), ((0.9, np.nan), ""), ((np.nan, np.nan), "")]
)
def test_a_single_pair_shows_confidence_where_it_is_known(
    study: Study, confidence: tuple[float, float], shown: str
) -> None:
    rows = graded(study, "gmp-90").assign(pie_score=np.nan, q=np.nan)
    rows = rows.assign(dense_confidence=confidence[0], compressed_confidence=confidence[1])
    images = read_images(study.examples, study.images, rows["example_id"])
    variant = page.gather("gmp-90", rows, class_names(study.examples), images)
    cards = [card for of_class in variant.classes for card in of_class.cards]
    assert len(cards) == rows["pie"].sum() > 3
    assert {card.evidence for card in cards} == {shown}
    assert "broken" in {card.kind for card in cards} <= {"broken", "fixed", "moved"}
    assert f"<span>{shown}</span>" in page.render("toy", [variant])


def test_text_from_data_is_escaped(study: Study, tmp_path: Path) -> None:
    text, reader = made(study, tmp_path)
    assert "b" not in reader.tags
    assert "&lt;b&gt;one&lt;/b&gt;" in text
    assert "two &amp; a half" in text


def test_contents_link_to_what_is_there(study: Study, tmp_path: Path) -> None:
    _, reader = made(study, tmp_path)
    assert {f"#{variant}" for variant in study.compressed} <= set(reader.links)
    assert {link.removeprefix("#") for link in reader.links} <= reader.targets


def test_needs_nothing_else(study: Study, tmp_path: Path) -> None:
    text, reader = made(study, tmp_path)
    assert not reader.tags & {"script", "link", "iframe", "object"}
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)
    assert "url(" not in text


def test_bytes_repeat(study: Study, tmp_path: Path) -> None:
    first, _ = made(study, tmp_path)
    assert first == made(study, tmp_path)[0]


def test_says_how_many_are_left_out(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PER_CLASS", 1)
    text, reader = made(study, tmp_path)
    rows = graded(study, "gmp-90")
    pie = rows[rows["pie"]]
    counts = pie["label"].value_counts()
    assert counts.max() > 1
    for label, count in counts[counts > 1].items():
        heading = text[text.index(f'<section id="gmp-90-class-{label}">') :].split("</h3>")[0]
        assert f"{count} PIE of" in heading
        assert f"; {count - 1} left out" in heading
    for label in counts.index:  # the one that is shown has the highest score
        (image,) = [image for section, image in reader.images if section == f"gmp-90-class-{label}"]
        best = strongest_first(pie[pie["label"] == label]).iloc[0]
        assert image["alt"] == f"Example {best['example_id']}"


def test_a_variant_shows_at_most_so_many_and_counts_all(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PER_VARIANT", 3)
    _, reader = made(study, tmp_path)
    rows = graded(study, "gmp-90")
    best = strongest_first(rows[rows["pie"]]).head(3)
    assert len(best) == 3
    alts = {image["alt"] for section, image in reader.images if section.startswith("gmp-90-")}
    assert alts == {f"Example {example}" for example in best["example_id"]}


@pytest.mark.parametrize(("side", "kind", "shown"), [(32, "png", 32), (96, "png", 96), (224, "jpeg", 96)])
def test_large_images_become_thumbnails(side: int, kind: str, shown: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    head, _, data = page.data_uri(image).partition(",")
    assert head == f"data:image/{kind};base64"
    picture = Image.open(io.BytesIO(b64decode(data)))
    assert picture.size == (shown, shown)
    if kind == "png":
        np.testing.assert_array_equal(np.asarray(picture), image)


def test_no_pie_says_so(study_without_pie: Study, tmp_path: Path) -> None:
    text, reader = made(study_without_pie, tmp_path)
    assert reader.images == []
    assert text.count("No PIE: every image has the same modal label") == 2
