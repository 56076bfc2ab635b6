#!/usr/bin/env python3
"""The sums of bench_stream.c by numpy.  Usage: bench_stream.py [points [threads]]"""

import sys
import time
import warnings

import edgesweep

POINTS = float(sys.argv[1]) if len(sys.argv) > 1 else 1e7
NAMES = (
    "model, device, precision, seq_len, params, flops_per_token, memory_bytes, compute_ms, memory_ms, io_ms, h2d_ms, "
    "net_ms, end_to_end_ms, arithmetic_intensity, energy_j, power_w"
)
warnings.simplefilter("ignore")
begin, rows, sums = time.monotonic(), 0, dict.fromkeys(NAMES.split(", "), 0)
stream = edgesweep.open_stream(
    kernel="edgeprofiler", model="EP-*", device="EP*", precision=["FP32", "FP16", "INT8", "INT4"], columns=NAMES,
    seq_len=f"1:{POINTS / (7 * 3 * 4):.0f}", threads=int(sys.argv[2]) if len(sys.argv) > 2 else 0,
)  # fmt: skip
for batch in stream:
    rows += len(batch)
    for name, values in batch.raw.items():
        sums[name] += values.sum()
print(f"{rows} rows: {time.monotonic() - begin:.3f} s")
