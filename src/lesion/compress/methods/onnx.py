"""onnx: models of ONNX files, run on the study's test images and audited beside the others.

The files come from anywhere: another framework, a vendor's quantiser. Their members have no weights here, so nothing is
derived from them.
"""

from pydantic import Field, model_validator

from lesion.params.settings import Settings
from lesion.params.shard import Shard, members

KIND = "external"
FLOAT_MEMBERS = False


class Options(Settings):
    """Where the models are, and how many.

    `file`: relative to the folder of params.yaml or absolute, environment variables and ~ looked up, with `{member}` in
    it where there are several; `members`: first and last member, `"0-0"` for a single model; `output`: the output with
    the scores, null where it is the only one that can be; `providers`: execution providers in order of preference.
    """

    file: str = Field(min_length=1)
    members: Shard
    output: str | None = None
    providers: list[str] = Field(["cpu"], min_length=1)

    @model_validator(mode="after")
    def _has_a_file_each(self) -> "Options":
        if len(members(self.members)) > 1 and "{member}" not in self.file:
            raise ValueError("{member} is expected in the path of the file, for there are several members")
        return self
