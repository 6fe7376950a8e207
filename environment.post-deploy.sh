# Run by `snakemake --software-deployment-method conda` once it has made the environment: Lesion itself.
pip install --no-deps --editable .
