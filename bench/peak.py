"""Versions of the reference's libraries, and the highest speed of a product of matrices in PyTorch, as JSON.

    python peak.py THREADS float32 [bfloat16]

The fastest of 20 products of each of two sizes, by the library that torch.mm takes (MKL on x86-64) and by oneDNN.
"""
import json
import sys
import time

import torch
import transformers

torch.set_num_threads(int(sys.argv[1]))
SIZES = [(1280, 768, 768), (2048, 2048, 2048)]


def fastest(product):
    product()
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        product()
        times.append(time.perf_counter() - begin)
    return min(times)


def peak(dtype):
    speeds = []
    for rows, inner, columns in SIZES:
        a, b = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
        operations = 2 * rows * inner * columns
        speeds.append(operations / fastest(lambda: torch.mm(a, b)))
        if torch.backends.mkldnn.is_available():
            weight = b.t().contiguous()
            linear = torch.ops.mkldnn._linear_pointwise
            speeds.append(operations / fastest(lambda: linear(a, weight, None, "none", [], "")))
    return max(speeds)


with torch.inference_mode():
    print(json.dumps({
        "torch": torch.__version__, "transformers": transformers.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        **{dtype: peak(getattr(torch, dtype)) for dtype in sys.argv[2:]},
    }))
