"""Compile every kernel launch of a decode step for an NVIDIA architecture, without a device.

    python tests/engines/compile_kernels.py [compute capability, 90]

Prints a line a kernel and dtype, with its shared memory. Triton's interpreter must be off.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import torch
import triton
from checkpoint_files import random_tensors, write_config, write_pdparams
from triton.backends.compiler import GPUTarget

from humaneval_x.engines.codegen import kernels
from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.memory import Shape
from humaneval_x.engines.codegen.torch_model import TorchModel
from humaneval_x.engines.codegen.torch_step import Step
from humaneval_x.records import Sampling

# Heads of 64, 80 and 256 as in the published models.
SHAPES = [(64, 4, 32), (80, 4, 64), (256, 4, 64)]
NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16", torch.int32: "i32", torch.int64: "i64"}


class Recorder:
    """Stands where a kernel does and keeps what it is launched with."""

    def __init__(self, kernel: Any, launches: dict[str, Any]) -> None:
        self.kernel = kernel
        self.launches = launches

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        def launch(*args: Any, num_warps: int = 4, num_stages: int = 3, **constants: Any) -> None:
            names = self.kernel.arg_names
            signature, constexprs = {}, {}
            for place, name in enumerate(names):
                if name in constants:
                    signature[name], constexprs[name] = "constexpr", constants[name]
                elif args[place] is None:
                    signature[name], constexprs[name] = "constexpr", None
                elif isinstance(args[place], torch.Tensor):
                    signature[name] = "*" + NAMES[args[place].dtype]
                else:
                    signature[name] = "fp32" if isinstance(args[place], float) else "i32"
            key = (
                f"{self.kernel.__name__} {sorted(signature.items())} {sorted(map(str, constexprs.items()))} {num_warps}"
            )
            self.launches[key] = (
                self.kernel,
                signature,
                constexprs,
                {"num_warps": num_warps, "num_stages": num_stages},
            )

        return launch


def main() -> None:
    capability = int(sys.argv[1]) if len(sys.argv) > 1 else 90
    launches: dict[str, Any] = {}
    for name in kernels.__all__:
        setattr(kernels, name, Recorder(getattr(kernels, name), launches))
    folder = Path("/tmp") if len(sys.argv) < 3 else Path(sys.argv[2])
    # float32 is for comparisons: one shape of it is enough.
    for head, heads, rotary in SHAPES:
        changes = {"n_embd": head * heads, "n_head": heads, "rotary_dim": rotary, "n_layer": 1}
        where = write_config(folder / f"heads-of-{head}", **changes)
        write_pdparams(where / "model_state.pdparams", random_tensors(**changes))
        checkpoint = open_checkpoint(where)
        for dtype in (torch.bfloat16, torch.float32) if head == 64 else (torch.bfloat16,):
            model = TorchModel(checkpoint, "cpu", dtype)
            for rule in ({}, {"top_k": 5, "top_p": 1.0}, {"temperature": 0.0}, {"repetition_penalty": 1.2}):
                usual: dict[str, Any] = {
                    "temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 8, "samples": 4, "seed": 1,
                }  # fmt: skip
                step = Step(
                    model, Shape(slots=4, suffix=8, seats=2, prompt=16), Sampling(**usual | rule), frozenset({0})
                )
                step.prefill(32)
                step.run(4, 3)
                step.run(1, 1)
    for kernel, signature, constexprs, options in launches.values():
        source = triton.compiler.ASTSource(fn=kernel, signature=signature, constexprs=constexprs)
        compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
        kinds = sorted({kind for kind in signature.values() if kind.startswith("*") and kind[1] != "i"})
        print(kernel.__name__, *kinds, f"warps {options['num_warps']}", f"shared {compiled.metadata.shared} bytes")
    print(len(launches), "launches compiled")


if __name__ == "__main__":
    main()
