"""Where a sparse format begins to pay, in bytes and in time: a matrix of 1024 × 1024, and a convolution as a matrix.

`python -m bench.sparse` prints the tables of docs/DEPLOY.md. Zeros are drawn at random, but "of blocks" whole blocks of
4 × 4 are zero. Times are those of the process on its processor, so that other processes hardly change them.
"""

import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.deploy.sparse import BLOCK, FORMATS, SparseConv2d, SparseLinear, bytes_of, to_format
from lesion.deploy.timing import interleaved, processor, quartiles

SPARSITIES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
SIDE = 1024
BATCHES = (1, 64)
ROUNDS, WARMUP = 25, 3
CHANNELS, IMAGE = 128, 14
MASK = "bit mask + values"
"""How Lesion stores pruned tensors: for the disk alone."""


def pruned(rows: int, columns: int, sparsity: float, block: int) -> Tensor:
    """A random matrix of which a share of the blocks is zero."""
    draws = torch.Generator().manual_seed(0)
    kept = torch.rand(rows // block, columns // block, generator=draws) >= sparsity
    mask = kept.repeat_interleave(block, 0).repeat_interleave(block, 1)
    return torch.randn(rows, columns, generator=draws) * mask


def row(*cells: object) -> None:
    """Print a row of a Markdown table."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def head(*cells: object) -> None:
    """Print the head of a Markdown table."""
    print()
    row(*cells)
    row(*["---"] * len(cells))


def bytes_table() -> None:
    """Bytes of each format over those of the dense matrix."""
    head("zeros", *(name.upper() for name in FORMATS), "BSR, of blocks", MASK)
    for sparsity in SPARSITIES:
        scattered, blocks = pruned(SIDE, SIDE, sparsity, 1), pruned(SIDE, SIDE, sparsity, BLOCK)
        mask = SIDE * SIDE // 8 + 4 * int(scattered.count_nonzero())
        taken = [bytes_of(to_format(scattered, wanted)) for wanted in FORMATS]
        taken += [bytes_of(to_format(blocks, "bsr")), mask]
        row(f"{100 * sparsity:g} %", *(f"{size / scattered.nbytes:.2f}" for size in taken))


def layers(kind: str, sparsity: float) -> dict[str, nn.Module]:
    """The dense layer and its sparse ones; BSR of weights that are zero in blocks."""
    rows, columns = (SIDE, SIDE) if kind == "linear" else (CHANNELS, 9 * CHANNELS)

    def dense(block: int) -> nn.Module:
        weight = pruned(rows, columns, sparsity, block)
        if kind == "linear":
            linear = nn.Linear(columns, rows, bias=False)
            linear.weight = nn.Parameter(weight, requires_grad=False)
            return linear
        convolution = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
        convolution.weight = nn.Parameter(weight.view_as(convolution.weight), requires_grad=False)
        return convolution

    sparse = SparseLinear if kind == "linear" else SparseConv2d
    found = {"dense": dense(1)}
    for wanted in FORMATS:
        found[wanted] = sparse(dense(BLOCK if wanted == "bsr" else 1), wanted)  # type: ignore[arg-type]
    return found


def time_table(kind: str, batch: int) -> None:
    """Time of the dense layer over that of each format, median and quartiles."""
    shape = (batch, SIDE) if kind == "linear" else (batch, CHANNELS, IMAGE, IMAGE)
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    head("zeros", "dense, ms", "COO", "CSR", "BSR, of blocks")
    for sparsity in SPARSITIES:
        made = layers(kind, sparsity)
        with torch.inference_mode():
            for name in ("coo", "csr"):
                torch.testing.assert_close(made[name](x), made["dense"](x), rtol=1e-3, atol=1e-3)
            calls = {name: (lambda layer=layer: layer(x)) for name, layer in made.items()}
            seconds = interleaved(calls, repeats=ROUNDS, warmup=WARMUP, clock=time.process_time)
        ratios = [quartiles(seconds["dense"] / seconds[wanted]) for wanted in FORMATS]
        cells = [f"{middle:.2f} ({low:.2f} to {high:.2f})" for middle, low, high in ratios]
        row(f"{100 * sparsity:g} %", f"{1e3 * quartiles(seconds['dense'])[0]:.3g}", *cells)


def semi_structured() -> str:
    """What 2:4 does here: torch has kernels for it on GPUs alone."""
    weight = pruned(SIDE, SIDE, 0.5, 1).reshape(-1, 4)
    smallest = weight.abs().argsort(dim=1)[:, :2]
    matrix = weight.scatter(1, smallest, 0).view(SIDE, SIDE)
    size = matrix.nbytes // 2 + matrix.numel() // 2 // 4  # two values of four, and two bits for the place of each
    if not torch.cuda.is_available():
        return f"2:4 takes {size / matrix.nbytes:.2f} of the bytes; torch has no kernel for it on a processor."
    half, x = matrix.half().cuda(), torch.randn(SIDE, SIDE, dtype=torch.float16, device="cuda")
    sparse = torch.sparse.to_sparse_semi_structured(half)

    def timed(weight: Tensor) -> None:
        functional.linear(x, weight)
        torch.cuda.synchronize()

    with torch.inference_mode():
        calls = {"dense": lambda: timed(half), "2:4": lambda: timed(sparse)}
        seconds = interleaved(calls, repeats=ROUNDS, warmup=WARMUP)
    middle, low, high = quartiles(seconds["dense"] / seconds["2:4"])
    return f"2:4 in float16 on {torch.cuda.get_device_name()}: {middle:.2f} ({low:.2f} to {high:.2f}) times as fast."


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    print(f"{processor()}, 1 thread, torch {torch.__version__}; medians and quartiles of {ROUNDS} rounds")
    bytes_table()
    for batch in BATCHES:
        print(f"\nLinear layer of {SIDE} × {SIDE}, batch {batch}: time of dense over that of the format")
        time_table("linear", batch)
    print(f"\nConvolution 3 × 3, {CHANNELS} channels, {IMAGE} × {IMAGE} pixels, one image")
    time_table("convolution", 1)
    print(f"\n{semi_structured()}")


if __name__ == "__main__":
    main()
