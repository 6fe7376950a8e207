import subprocess
import sys

import pytest


@pytest.mark.parametrize("model", ["cifar_resnet", "catalogue", "small_cnn", "timm", "torchvision", "wide_resnet"])
def test_reading_options_imports_no_torch(model: str) -> None:
    code = f"import sys, lesion.models.{model}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchvision", "timm", "numpy"} & set(loaded)
