"""Reports on runs."""

__all__: list[str] = []
