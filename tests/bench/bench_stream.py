#!/usr/bin/env python3
"""The sums of bench_stream.c by numpy, beside those in C: seconds of the processors, the least of ROUNDS in turn.

Usage: bench_stream.py build/bench/bench_stream [points [threads]]
"""

import re
import subprocess
import sys
import time
import warnings

import edgesweep

ROUNDS = 5
COMMAND, POINTS, THREADS = sys.argv[1], *(sys.argv[2:] + ["1e7", "1"][len(sys.argv) - 2 :])[:2]
NAMES = (
    "model, device, precision, seq_len, params, flops_per_token, memory_bytes, compute_ms, memory_ms, io_ms, h2d_ms, "
    "net_ms, end_to_end_ms, arithmetic_intensity, energy_j, power_w"
)
warnings.simplefilter("ignore")


def in_python():
    begin, rows, sums = time.process_time(), 0, dict.fromkeys(NAMES.split(", "), 0)
    stream = edgesweep.open_stream(
        kernel="edgeprofiler", model="EP-*", device="EP*", precision=["FP32", "FP16", "INT8", "INT4"], columns=NAMES,
        seq_len=f"1:{float(POINTS) / (7 * 3 * 4):.0f}", threads=int(THREADS),
    )  # fmt: skip
    for batch in stream:
        rows += len(batch)
        for name, values in batch.raw.items():
            sums[name] += values.sum()
    return rows, time.process_time() - begin


def in_c():
    done = subprocess.run([COMMAND, POINTS, THREADS], capture_output=True, text=True, check=True)
    found = re.match(r"(\d+) rows in .*?: ([\d.]+) s", done.stdout)
    return int(found[1]), float(found[2])


results = [(in_c(), in_python()) for _ in range(ROUNDS)]
(rows, c), (python_rows, python) = (min(side, key=lambda r: r[1]) for side in zip(*results))
assert rows == python_rows
print(f"{rows} rows, {THREADS} thread(s): C {c:.3f} s, Python {python:.3f} s, {python / c:.2f} times as long")
