"""Triton kernels of a decode step: what lies between its two matrix products a layer, and the draw of tokens.

Rows are the places in a step's batch, slots the places in the caches: `rows[r]` is the slot that row r computes, or -1.
`row_slot[r]` is that slot if its sample has a token to go through the model in this step, else -1; what such a row
computes is never read. Head sizes that are no power of two are read in two parts (80 = 64 + 16), so that no memory
traffic goes to padding. All arithmetic is float32 whatever is stored.
"""

from humaneval_x.engines.codegen.kernels.batch import attend_prompts, attend_suffixes, embed, norm, split
from humaneval_x.engines.codegen.kernels.drawing import draw
from humaneval_x.engines.codegen.kernels.one import attend_one, project_in_one, project_out_one

__all__ = [
    "attend_one",
    "attend_prompts",
    "attend_suffixes",
    "draw",
    "embed",
    "norm",
    "project_in_one",
    "project_out_one",
    "split",
]
