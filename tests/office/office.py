#!/usr/bin/env python3
"""Tables in a spreadsheet: LibreOffice without a window opens what `run` writes, saves it as .xlsx and .ods, and exports
it again; every cell must come back.  Cells that a spreadsheet would run as formulas must arrive as texts.

  tests/office/office.py COMMAND     ends with `N passed, N failed`
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

COMMAND = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = tempfile.TemporaryDirectory()
HERE = pathlib.Path(WORK.name)
SHEET_ROWS = 1048576
results = {"passed": 0, "failed": 0}


def check(name, good, detail=""):
    results["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {name}: {detail}")


def run(name, *arguments):
    subprocess.run([COMMAND, "run", *arguments, "-q", "-o", HERE / name], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    return HERE / name


def text_filter(separator, language):
    """Separator, quote, UTF-8, first line, formats, language, quoted are texts, detect numbers, save as shown."""
    return f"{ord(separator)},34,76,1,,{language},false,true,false"


def convert(sources, suffix, export="", separator=",", language=1033):
    """The converted files, in a folder for this suffix; `language` (LCID) decides what a decimal is."""
    command = ["soffice", f"-env:UserInstallation=file://{HERE}/profile", "--headless"]
    if sources[0].suffix == ".csv":
        command.append("--infilter=CSV:" + text_filter(separator, language))
    folder = HERE / (sources[0].suffix[1:] + "-" + suffix)
    target = suffix + (":" + export if export else "")
    subprocess.run([*command, "--convert-to", target, "--outdir", folder, *sources], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    return [folder / (source.stem + "." + suffix) for source in sources]


def export(books):
    """Back to CSV, in English."""
    return convert(books, "csv", "Text - txt - csv (StarCalc):" + text_filter(",", 1033))


def read(path, separator=",", decimal="."):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [[value(cell, decimal) for cell in row] for row in csv.reader(file, delimiter=separator)]


def value(cell, decimal="."):
    try:
        return float(cell.replace(decimal, "."))
    except ValueError:
        return cell


def difference(expected, actual):
    """The first cell that did not come back; spreadsheets keep 15 digits."""
    if len(expected) != len(actual):
        return f"{len(actual)} rows of {len(expected)}"
    for number, (row, other) in enumerate(zip(expected, actual), 1):
        row = row + [""] * (len(other) - len(row))
        other = other + [""] * (len(row) - len(other))
        for column, (a, b) in enumerate(zip(row, other), 1):
            same = abs(a - b) <= 1e-14 * abs(a) if isinstance(a, float) and isinstance(b, float) else a == b
            if not same:
                return f"row {number}, column {column}: {a!r} became {b!r}"
    return ""


def there_and_back(tables, separator=",", decimal=".", language=1033):
    """CSV as written, opened by a user of that language, saved, exported in English; numbers must be numbers on the way."""
    sources = list(tables.values())
    expected = [read(source, separator, decimal) for source in sources]
    for suffix in ("xlsx", "ods"):
        for name, rows, back in zip(tables, expected, export(convert(sources, suffix, "", separator, language))):
            detail = difference(rows, read(back)) if back.exists() else "not converted"
            check(f"{name}, {suffix}", not detail, detail)
    for name, rows, flat in zip(tables, expected, convert(sources, "fods", "", separator, language)):
        wanted = sum(isinstance(cell, float) for row in rows for cell in row)
        check(f"{name}: numbers", numbers(flat) == wanted, f"{numbers(flat)} of {wanted}")


TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def numbers(flat):
    """Cells of a flat OpenDocument file that hold a number; equal ones side by side are one element."""
    return sum(int(cell.get(TABLE + "number-columns-repeated", 1)) * int(row.get(TABLE + "number-rows-repeated", 1))
               for row in xml.parse(flat).getroot().iter(TABLE + "table-row") for cell in row.iter(TABLE + "table-cell")
               if cell.get(OFFICE + "value-type") == "float")


def formulas(flat):
    """Formulas and texts of a flat OpenDocument file."""
    root = xml.parse(flat).getroot()
    return ([cell.get(TABLE + "formula") for cell in root.iter(TABLE + "table-cell") if cell.get(TABLE + "formula")],
            ["".join(node.itertext()) for node in root.iter(TEXT + "p")])


def test_values():
    paper = "sweeps/paper.sweep"
    there_and_back({
        "default": run("plain.csv", paper),
        "all digits": run("exact.csv", paper, "--exact"),
        "BOM and CR LF": run("windows.csv", paper, "--bom", "--crlf"),
        "real boards": run("boards.csv", "--set", "model=Llama-3.2-*,Qwen2.5-?.5B", "--set", "device=Raspberry*,Pixel*",
                           "--set", "precision=F16,Q4_K_M"),
    })
    there_and_back({"semicolons and decimal commas": run("german.csv", paper, "--delimiter", ";", "--decimal", ",", "--bom")},
                   ";", ",", 1031)
    # The check can fail: without --decimal a German office takes points for dates or texts.
    points = run("points.csv", paper, "--delimiter", ";")
    wanted = sum(isinstance(cell, float) for row in read(points, ";") for cell in row)
    check("points in a German office are noticed", numbers(convert([points], "fods", "", ";", 1031)[0]) != wanted)


def test_formulas():
    """Names of models that would run something arrive as texts; as a naive program writes them, they do run."""
    names = ["=1+1", "@SUM(1;2)", "+1+1", "-2+3", "plain"]
    models = HERE / "hostile" / "models.csv"
    models.parent.mkdir()
    models.write_text("name,layers,hidden,intermediate,vocab\n" + "".join(f"{name},2,64,128,1000\n" for name in names))
    source = run("hostile.csv", "--catalog", f"+{models.parent}", "--set", "kernel=edgeprofiler", "--set",
                 "model=" + ",".join(f'"{name}"' for name in names), "--set", "device=EP Raspberry Pi 4", "--set", "precision=INT4")
    naive = HERE / "naive.csv"
    naive.write_text("model,x\n=1+1,1\n")
    ours, theirs = (formulas(flat) for flat in convert([source, naive], "fods"))
    check("no formulas", not ours[0], str(ours[0]))
    for name in names:
        check(f"'{name}' is a text", any(name in text for text in ours[1]), str(ours[1][:60]))
    check("a naive table has one", theirs[0] != [])


def test_long():
    """A sheet holds 2^20 rows: the files of --split-rows are whole, and the first fills its sheet."""
    run("long.csv", "--set", "kernel=edgeprofiler", "--set", "model=EP-TinyLlama-1B", "--set", "device=EP Raspberry Pi 4",
        "--set", "precision=INT4", "--set", f"seq_len=1:{SHEET_ROWS + 1000}", "--set", "output.columns=seq_len",
        "--split-rows", str(SHEET_ROWS - 1))
    parts = sorted(HERE.glob("long*.csv"))
    check("two files", len(parts) == 2, str(parts))
    lengths = []
    for part, back in zip(parts, export(convert(parts, "ods"))):
        rows = read(back)
        lengths.append(len(rows))
        check(f"{part.name} has a header", rows[0] == ["seq_len"], str(rows[0]))
        check(f"{part.name} is whole", difference(read(part), rows) == "", difference(read(part), rows))
    check("rows of the files", lengths == [SHEET_ROWS, 1002], str(lengths))


os.environ["LC_ALL"] = "C.UTF-8"
for test in (test_values, test_formulas, test_long):
    test()
print(f"{results['passed']} passed, {results['failed']} failed")
sys.exit(results["failed"] > 0)
