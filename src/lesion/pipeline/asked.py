"""What params.yaml asks for: studies, their variants and shards, and which steps are for them."""

from collections.abc import Mapping
from typing import Any

from lesion import plugins
from lesion.params.document import cut
from lesion.pipeline.step import Step
from lesion.pipeline.steps import STEPS


class Asked:
    """Studies, variants and shards of one params.yaml.

    Parameters
    ----------
    data : the whole file as plain data; only what is asked for is looked up, so a fault elsewhere does not stop it
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self._kinds: dict[str, str] = {}

    def populations(self, study: str) -> Mapping[str, Any]:
        """The part of params.yaml that lists the variants and shards of a study: `comparison` or `active`."""
        comparison = self.data.get("comparison") or {"studies": []}
        compared = study in comparison["studies"] and study not in cut(self.data, "active.studies")
        return dict(comparison) if compared else dict(cut(self.data, "active"))

    def compressed(self, study: str) -> list[str]:
        """The compressed variants of a study, in the order of display."""
        listed = self.populations(study)
        return [variant for kind in ("trained", "derived", "external") for variant in listed[kind]]

    def named(self, step: Step, study: str) -> list[str]:
        """The compressed variants that a step is for, in the order of display: those that `only_with` names, or all."""
        part = cut(self.data, step.only_with.format(study=study)) if step.only_with else {}
        listed = part.get("variants") or []
        return [variant for variant in self.compressed(study) if not listed or variant in listed]

    def shards(self, study: str, variant: str) -> list[str]:
        """The shards of a population; an external one is what its entry says."""
        if self.kind(variant) == "external":
            return [str(cut(self.data, f"variants.{variant}.members"))]
        return list(self.populations(study)["shards"])

    def kind(self, variant: str) -> str:
        """Whether a variant is trained, derived or external."""
        if variant not in self._kinds:
            entry = cut(self.data, f"variants.{variant}")
            name = plugins.name_of(entry, where=f"variants.{variant}", kind="method", key="method")
            self._kinds[variant] = str(plugins.load("method", name, where=f"variants.{variant}.method").KIND)
        return self._kinds[variant]

    def takes(self, step: Step, variant: str) -> bool:
        """Whether a step is for a variant, by its kind and its method."""
        method = cut(self.data, f"variants.{variant}")["method"]
        return self.kind(variant) in step.kinds and (not step.methods or method in step.methods)

    def parent(self, variant: str) -> str:
        """The variant that a derived one is made of."""
        return str(cut(self.data, f"variants.{variant}.of"))

    def studies(self, step: Step) -> list[str]:
        """The active studies that have nodes of a step; none for a figure that params.yaml does not list."""
        active = cut(self.data, "active")
        if step.command == "figure" and step.fixed["figure"] not in cut(self.data, "figures"):
            return []
        listed = [
            *(active["studies"] if step.active else ()),
            *(active["comparisons"] if step.comparison else ()),
        ]
        return [study for study in listed if self._has(step, study) and self.has_made(step, study)]

    def _has(self, step: Step, study: str) -> bool:
        """Whether a study has what the step is only there for."""
        return not step.only_with or cut(self.data, step.only_with.format(study=study)) is not None

    def has_made(self, step: Step, study: str) -> bool:
        """Whether any variant of a study has the artifact that the step is only there for."""
        return not step.only_made or any(self.producer(step.only_made, one) for one in self.compressed(study))

    def producer(self, artifact: str, variant: str) -> str | None:
        """The step that makes an artifact of a variant; None where the variant has none."""
        for name, step in STEPS.items():
            if artifact in step.outputs.values() and (not step.kinds or self.takes(step, variant)):
                return name
        return None
