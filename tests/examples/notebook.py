# %% What runs on a Raspberry Pi 5: cells for a notebook, or `python3 notebook.py [FIGURE.svg]`.
import subprocess
import sys

import edgesweep

# %% Every format of three models, prompts from 128 to 4096 tokens, as a frame.
rows = edgesweep.run(
    model="Llama-3.2-1B, Llama-3.2-3B, Qwen3-4B",
    device="Raspberry Pi 5 8GB",
    precision=["Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"],
    prompt="128:4096*2",
    where="fits = 1",
)
frame = rows.to_pandas()
print(len(frame), "rows;", "units:", {name: rows.columns[name].unit for name in ("ttft_s", "energy_j_per_token")})

# %% Who is not beaten in speed and quality, with a prompt of 512 tokens?
at_512 = frame[frame["prompt"] == 512]
front = edgesweep.pareto(at_512, max=["decode_tok_s", "quality"])
print(front[["model", "precision", "decode_tok_s", "quality"]].round(1).to_string(index=False))

# %% How a longer prompt slows the first token.
print(frame.pivot_table("ttft_s", "prompt", "model", aggfunc="min", observed=True).round(1).to_string())

# %% Where the numbers of the fastest row come from.
fastest = int(frame["decode_tok_s"].to_numpy().argmax())
print(frame.loc[fastest, "model"], frame.loc[fastest, "precision"], "at point", rows.index[fastest])

# %% The figure, by gnuplot, which edgesweep draws all its figures with.
if len(sys.argv) > 1:
    blocks = [part[["quality", "decode_tok_s"]].to_csv(sep=" ", index=False, header=False)
              for _, part in at_512.groupby("model", observed=True)]  # fmt: skip
    names = [str(name) for name, _ in at_512.groupby("model", observed=True)]
    plots = ", ".join(f"$data{i} using 1:2 with points pt 7 title '{name}' noenhanced" for i, name in enumerate(names))
    data = "".join(f"$data{i} << EOD\n{block}EOD\n" for i, block in enumerate(blocks))
    script = f"""{data}set terminal svg size 640,400
set output '{sys.argv[1]}'
set xlabel 'quality (MMLU)'
set ylabel 'tokens per second'
plot {plots}, $front using 1:2 with steps lc 'gray' title 'front'
"""
    ordered = front.sort_values("quality")[["quality", "decode_tok_s"]]
    script = f"$front << EOD\n{ordered.to_csv(sep=' ', index=False, header=False)}EOD\n" + script
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
