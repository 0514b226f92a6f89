"""Pickles read without executing them: only the few names that tensors need are known.

A pickle can name any function to be called; a checkpoint from elsewhere is not to be trusted with that.
"""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from humaneval_x.errors import DataError

__all__ = ["Pickled", "RestrictedUnpickler"]

# Opcodes that make or find objects in ways of their own; no checkpoint was seen to need them.
_REFUSED = (
    pickle.INST,
    pickle.OBJ,
    pickle.NEWOBJ,
    pickle.NEWOBJ_EX,
    pickle.EXT1,
    pickle.EXT2,
    pickle.EXT4,
    pickle.NEXT_BUFFER,
    pickle.READONLY_BUFFER,
)


class Pickled:
    """What stands for a pickled object that has a state."""

    def set_state(self, state: Any) -> None:
        """Take the state in. Raises anything for one that does not fit."""
        raise NotImplementedError


class RestrictedUnpickler(pickle._Unpickler):
    """Knows the given names and nothing else. In Python, not C, so that its steps can be replaced."""

    read: Callable[[int], bytes]
    append: Callable[[Any], None]
    stack: list[Any]

    def __init__(self, file: Any, path: Path, names: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(file, encoding="latin1")
        self._path = path
        self._names = names

    def find_class(self, module: str, name: str) -> Any:
        """What stands for this name. Raises DataError for one that is not known."""
        try:
            return self._names[module, name]
        except KeyError:
            self.refuse(f"{module}.{name}")

    def refuse(self, what: str) -> NoReturn:
        """Raise the DataError that says what the file asks for."""
        raise DataError(
            f"{self._path}: asks for {what!r}, which weights do not need; it is not loaded. If you trust "
            "it, save its weights as safetensors"
        )

    def _build(self) -> None:
        """Set an object's state, of our own objects only: a state could set attributes of whatever else is known."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Pickled):
            target.set_state(state)
        elif not isinstance(target, OrderedDict):  # PyTorch's state is its modules' versions
            self.refuse(f"a state of {target!r}")

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: step for code, step in pickle._Unpickler.dispatch.items() if bytes([code]) not in _REFUSED
    } | {pickle.BUILD[0]: _build}


if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("checkpoints are read on little-endian machines only")
