"""`python -m humaneval_x` is the `humaneval-x` command."""

from humaneval_x.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
