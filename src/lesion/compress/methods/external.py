"""External: predictions of models that were made elsewhere, taken from a file and audited beside the others.

The file is one that `lesion audit` reads. Its members have no weights here, so nothing is derived from them, and there
is no robustness and no size.
"""

from pydantic import Field

from lesion.params.settings import Settings
from lesion.params.shard import Shard

KIND = "external"
FLOAT_MEMBERS = False


class Options(Settings):
    """Where the predictions are, and of how many members.

    `predictions`: the file, relative to the folder of params.yaml or absolute, environment variables and ~ looked up;
    `members`: first and last member that are taken, such as "0-0" for a single model, counted in the file's order.
    """

    predictions: str = Field(min_length=1)
    members: Shard
