"""`python -m lesion`: the command line."""

from lesion.cli import main

if __name__ == "__main__":
    main()
