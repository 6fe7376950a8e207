"""The study of the figures' tests, here too."""

from tests.views.figures.conftest import built, study, study_without_pie

__all__ = ["built", "study", "study_without_pie"]
