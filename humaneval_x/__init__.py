"""HumanEval-X: sample, judge and score code models in five programming languages."""

__all__ = ["__version__"]

__version__ = "0.1.0"
