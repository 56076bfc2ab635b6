#!/usr/bin/env python3
"""Changes the code of one formula at a time, leaves its text, and counts how many changes the tests of formulas notice.

    scripts/mutate_formulas.py BUILD N SEED COMPILE...      what `make mutants` runs

COMPILE is the compiler with its flags.  A mutant is noticed when it does not compile (an input that is not used is an
error) or when test_formulas fails.
"""
import os
import random
import re
import subprocess
import sys

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\d.]*(?:e[+-]?\d+)?|&&|\|\||[<>=!]=|[-+*/<>?:(),]|\S")
SWAPS = {"+": "-*", "-": "+*", "*": "+/", "/": "*-", "<": [">"], ">": ["<", ">="], "<=": [">"], ">=": ["<"],
         "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"], "min": ["max"], "max": ["min"], "floor": ["ceil"],
         "ceil": ["floor"], "if_larger": ["unless_larger"], "unless_larger": ["if_larger"]}


def rows(text):
    """(start of the expression, its end, its inputs) of every FORMULA."""
    for m in re.finditer(r"^FORMULA\(", text, re.M):
        depth, commas, i, quoted = 1, [], m.end(), False
        while depth:
            c = text[i]
            quoted ^= c == '"'
            if not quoted:
                depth += (c == "(") - (c == ")")
                if c == "," and depth == 1:
                    commas.append(i)
            i += 1
        inputs_at = next(k for k in range(len(commas)) if re.match(r",\s*\(", text[commas[k]:]))
        inputs = re.findall(r"\w+", text[commas[inputs_at] : commas[inputs_at + 1]])
        yield commas[inputs_at + 1] + 1, i - 1, inputs


def mutate(text, rng):
    start, end, inputs = rng.choice(list(rows(text)))
    sites = []
    for t in TOKEN.finditer(text, start, end):
        word = t.group()
        others = [x for x in inputs if x != word]
        if word in SWAPS:
            sites += [(t, x) for x in SWAPS[word]]
        elif word in inputs:
            sites += [(t, x) for x in others] + [(t, "1.0")]
        elif word[0].isdigit():
            sites += [(t, f"({word} * 1.01 + 0.01)")]
    if not sites:
        return mutate(text, rng)
    t, new = rng.choice(sites)
    line = text.count("\n", 0, t.start()) + 1
    return text[: t.start()] + new + text[t.end() :], f"line {line}: {t.group()} -> {new}"


def main():
    build, n, seed, compile_ = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    rng, noticed, refused = random.Random(seed), 0, 0
    folder = os.path.join(build, "mutants")
    os.makedirs(folder, exist_ok=True)
    for i in range(n):
        kernel = "roofline" if rng.random() < 0.8 else "edgeprofiler"
        original = f"src/model/{kernel}.def"
        changed, what = mutate(open(original, encoding="utf-8").read(), rng)
        mutant, obj, test = (os.path.join(folder, x) for x in ("mutant.def", "mutant.o", "test_formulas"))
        open(mutant, "w", encoding="utf-8").write(changed)
        names = [f'-DFORMULAS="{os.path.abspath(mutant)}"', f'-DFORMULA_TEXTS="model/{kernel}.def"']
        made = subprocess.run(compile_ + names + ["-Werror", "-DES_SIMD_SUFFIX=_baseline", "-c", "-o", obj,
                                                  f"src/model/{kernel}.simd.c"], capture_output=True, text=True)
        if made.returncode:
            noticed, refused = noticed + 1, refused + 1
            continue
        link = compile_ + ["-pie", "-o", test, f"{build}/obj/tests/unit/test_formulas.o", obj, f"{build}/libedgesweep.a",
                           *os.environ["LIBS"].split()]
        subprocess.run(link, check=True)
        ran = subprocess.run([test], capture_output=True, text=True, env={**os.environ, "EDGESWEEP_SIMD": "baseline"})
        if ran.returncode:
            noticed += 1
        else:
            print(f"not noticed: {kernel}.def {what}")
    print(f"{noticed} of {n} changes noticed, {refused} of them by the compiler")


main()
