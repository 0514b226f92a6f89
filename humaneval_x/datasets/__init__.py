"""The benchmark's problems: named versions, how they get here, and how they are read."""

from humaneval_x.datasets.catalogue import DataFile, DataVersion, data_folder, data_version, data_versions
from humaneval_x.datasets.fetching import import_folder, pull
from humaneval_x.datasets.problems import FileFinding, data_hashes, read_problems, verify

__all__ = [
    "DataFile",
    "DataVersion",
    "FileFinding",
    "data_folder",
    "data_hashes",
    "data_version",
    "data_versions",
    "import_folder",
    "pull",
    "read_problems",
    "verify",
]
