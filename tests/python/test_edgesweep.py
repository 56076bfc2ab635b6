#!/usr/bin/env python3
"""The Python module against the command's tables.  EDGESWEEP names the command; ends with `N passed, N failed`."""

import csv
import ctypes
import gc
import importlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

import numpy as np
import pandas as pd

import edgesweep
from edgesweep import _ArrowStream

COMMAND = os.environ["EDGESWEEP"]
TEXT = """[sweep]
kernel = edgeprofiler
model = EP-*
device = EP *
seq_len = 1:400
[where]
end_to_end_ms < 4000
[pareto]
minimize = end_to_end_ms, energy_j
[best]
pick = precision
by = device, model
minimize = energy_j
"""
BOARDS = dict(model="Llama-3.2-*, Qwen3-0.6B", device=["Raspberry Pi 5 8GB", "Jetson*"], precision=["Q4_0", "F16"])
HUGE = {"device.mem_bw_gbs": "lin(5,100,3000)", "seq_len": "1:20000"}


def command(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=True).stdout


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


class Tables(unittest.TestCase):
    def compare(self, table, rows):
        self.assertEqual(len(table), len(rows))
        self.assertEqual(list(table.columns), list(rows[0]))
        for name, column in table.columns.items():
            cells, values = [row[name] for row in rows], table[name]
            if column.texts is not None:
                self.assertEqual(["" if v is None else v for v in values], cells, name)
            else:
                parse = int if values.dtype == np.int64 else float
                written = np.array([parse(c) if c else np.nan for c in cells])
                np.testing.assert_array_equal(values, written, name)

    def test_values_are_those_of_exact_tables(self):
        for sweep in sorted(f for f in os.listdir("sweeps") if f.endswith(".sweep")):
            path = os.path.join("sweeps", sweep)
            text = command("run", path, "--exact", "--limit", "400", "-q", "-o", "-")
            self.compare(edgesweep.run(path, limit=400), rows_of(text))

    def test_other_tables(self):
        with tempfile.TemporaryDirectory() as folder:
            path, files = os.path.join(folder, "s.sweep"), [os.path.join(folder, f"{t}.csv") for t in ("front", "best")]
            with open(path, "w", encoding="utf-8") as file:
                file.write(TEXT)
            command("run", path, "--exact", "-q", "--pareto", files[0], "--best", files[1])
            for table, file in zip(("front", "best"), files):
                with open(file, encoding="utf-8") as opened:
                    self.compare(edgesweep.run(TEXT, table=table), rows_of(opened.read()))
            self.compare(
                edgesweep.run(path, where=["seq_len > 9", "energy_j < 1"], device="EP Raspberry Pi 5", seq_len=[8, 16, 17]),
                rows_of(command("run", path, "--exact", "-q", "--where", "seq_len > 9", "--where", "energy_j < 1",
                                "--device", "EP Raspberry Pi 5", "--set", "seq_len=8,16,17", "-o", "-")),
            )  # fmt: skip

    def test_options(self):
        table = edgesweep.run(metrics={"speed [tok/s]": "1000 / end_to_end_ms"}, columns=["seq_len", "speed"],
                              kernel="edgeprofiler", model="EP-Gemma3-1B", device="EP Raspberry Pi 4", precision="FP16",
                              device__mem_bw_gbs=[10, 20.5], sets={"seq_len": range(1, 4)})  # fmt: skip
        self.assertEqual(table.keys(), ["seq_len", "speed", "device.mem_bw_gbs"][: len(table.keys())])
        self.assertEqual(table.columns["speed"].unit, "tok/s")
        self.assertEqual(len(table), 6)
        self.assertEqual(len(edgesweep.run(TEXT, part=(10, 15), sets={"where": ""}, limit=3)), 3)

    def test_gaps(self):
        table = edgesweep.run(**BOARDS, columns="*", prompt=64)
        frame = table.to_pandas()
        self.assertEqual(list(frame.columns), list(table.columns))
        gaps = [name for name in table.columns if frame[name].isna().any()]
        self.assertTrue(gaps)
        for name in gaps:
            values = table[name]
            missing = np.array([v is None for v in values]) if values.dtype == object else np.isnan(values)
            np.testing.assert_array_equal(frame[name].isna(), missing)
        self.assertIsInstance(frame["model"].dtype, pd.CategoricalDtype)
        codes, texts = table.codes("model")
        self.assertEqual([texts[c] for c in codes], list(table["model"]))
        self.assertEqual(str(frame["weight_bytes"].dtype), "int64")

    def test_nothing(self):
        table = edgesweep.run(TEXT, where="seq_len < 0")
        self.assertEqual((len(table), len(table.to_pandas()), len(edgesweep.pareto(table, min="energy_j"))), (0, 0, 0))


class Streams(unittest.TestCase):
    def test_batches_outlive_their_stream_and_cannot_be_written(self):
        with edgesweep.open_stream(TEXT, batch_rows=100) as stream:
            iterator = iter(stream)
            batch = next(iterator)
            iterator.close()
        view, copy = batch.raw["energy_j"], batch.raw["energy_j"].copy()
        del batch, stream, iterator
        gc.collect()
        edgesweep.run(TEXT)
        np.testing.assert_array_equal(view, copy)
        with self.assertRaises(ValueError):
            view[0] = 1

    def test_memory_is_given_back(self):
        def peak():
            with open("/proc/self/statm", encoding="ascii") as statm:
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")

        sums, most = [], 0
        for i, batch in enumerate(edgesweep.open_stream(TEXT, sets={"seq_len": "1:40000", "where": ""})):
            sums.append(batch.raw["energy_j"].sum())
            most = max(most, peak()) if i > 4 else most
            begin = peak() if i == 4 else begin if i > 4 else 0
        self.assertGreater(len(sums), 10)
        self.assertLess(most - begin, 64 << 20)

    @unittest.skipUnless(hasattr(signal, "pthread_kill"), "no signals to threads")
    def test_ctrl_c(self):
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started this behind it
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        main = threading.get_ident()
        timer = threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            for _ in edgesweep.open_stream(TEXT, where="energy_j < 0", sets={**HUGE, "where": ""}):
                pass

    def test_once(self):
        stream = edgesweep.open_stream(TEXT)
        stream.close()
        with self.assertRaises(ValueError):
            next(iter(stream))
        with self.assertRaises(ValueError):
            stream.__arrow_c_stream__()


class Arrow(unittest.TestCase):
    def test_capsule(self):
        get = ctypes.PyDLL(None).PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        capsule = edgesweep.run(TEXT, limit=10).__arrow_c_stream__()
        arrow = _ArrowStream.from_address(get(capsule, b"arrow_array_stream"))
        array = (ctypes.c_void_p * 10)()  # struct ArrowArray
        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(arrow.get_next)
        self.assertEqual(call(ctypes.addressof(arrow), ctypes.addressof(array)), 0)
        self.assertEqual(array[0], 10)
        del capsule, arrow
        gc.collect()
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(array[8])(ctypes.addressof(array))
        edgesweep.open_stream(TEXT).__arrow_c_stream__()

    def test_readers(self):
        table = edgesweep.run(**BOARDS, prompt=64)
        readers = {
            "pyarrow": lambda m: m.RecordBatchReader.from_stream(table).read_all().validate(full=True),
            "polars": lambda m: self.assertEqual(m.DataFrame(table)["model"].to_list(), list(table["model"])),
            "duckdb": lambda m: self.assertEqual(m.sql("select count(*) from table").fetchone()[0], len(table)),
        }
        for name, read in readers.items():
            try:
                module = importlib.import_module(name)
            except ImportError:
                print(f"SKIPPED: {name} is not installed: its reading of __arrow_c_stream__")
                continue
            read(module)

    @unittest.skipUnless(os.environ.get("DUCKDB_LIBRARY"), "no DUCKDB_LIBRARY: see make test-arrow")
    def test_duckdb(self):
        duckdb, pointer = ctypes.CDLL(os.environ["DUCKDB_LIBRARY"]), ctypes.c_void_p
        duckdb.duckdb_arrow_scan.argtypes = [pointer, ctypes.c_char_p, pointer]
        duckdb.duckdb_value_varchar.restype = ctypes.c_char_p
        duckdb.duckdb_value_varchar.argtypes = [pointer, ctypes.c_uint64, ctypes.c_uint64]
        get = ctypes.PyDLL(None).PyCapsule_GetPointer
        get.restype, get.argtypes = pointer, [ctypes.py_object, ctypes.c_char_p]
        database, connection, result = pointer(), pointer(), (pointer * 16)()
        self.assertEqual(duckdb.duckdb_open(None, ctypes.byref(database)), 0)
        self.assertEqual(duckdb.duckdb_connect(database, ctypes.byref(connection)), 0)
        table = edgesweep.run(**BOARDS, prompt=range(1, 9000, 3))
        capsule = table.__arrow_c_stream__()
        self.assertEqual(duckdb.duckdb_arrow_scan(connection, b"t", get(capsule, b"arrow_array_stream")), 0)
        # All columns at once: this function takes a stream for one of the columns that the query names.
        self.assertEqual(duckdb.duckdb_query(connection, b"create table u as select * from t", None), 0)
        query = b"select count(*), count(usd_per_mtok), sum(weight_bytes), max(decode_tok_s), max(model) from u"
        self.assertEqual(duckdb.duckdb_query(connection, query, ctypes.byref(result)), 0)
        got = [duckdb.duckdb_value_varchar(ctypes.addressof(result), i, 0).decode() for i in range(5)]
        self.assertEqual([int(got[0]), int(got[1]), int(got[2]), float(got[3]), got[4]],
                         [len(table), np.isfinite(table["usd_per_mtok"]).sum(), table["weight_bytes"].sum(),
                          table["decode_tok_s"].max(), max(table["model"])])  # fmt: skip
        duckdb.duckdb_destroy_result(ctypes.byref(result))
        duckdb.duckdb_disconnect(ctypes.byref(connection))
        duckdb.duckdb_close(ctypes.byref(database))

    def test_only_sweeps(self):
        with self.assertRaises(TypeError):
            edgesweep.pareto(edgesweep.run(TEXT), min="energy_j").__arrow_c_stream__()


class Fronts(unittest.TestCase):
    def test_is_that_of_the_command(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.csv")
            command("run", "sweeps/paper.sweep", "--exact", "-q", "-o", path)
            front = rows_of(command("pareto", path, "--min", "end_to_end_ms", "--max", "arithmetic_intensity",
                                    "--by", "device,seq_len", "-o", "-"))  # fmt: skip
        table = edgesweep.run("sweeps/paper.sweep")
        options = {"min": "end_to_end_ms", "max": ["arithmetic_intensity"], "by": ["device", "seq_len"]}
        chosen = edgesweep.pareto(table, **options)
        self.assertEqual(list(chosen["model"]), [row["model"] for row in front])
        frame = edgesweep.pareto(table.to_pandas(), **options)
        np.testing.assert_array_equal(frame["energy_j"], chosen["energy_j"])
        np.testing.assert_array_equal(frame.index, chosen.index)

    def test_plain_arrays(self):
        data = {"a": [1.0, 2, 3, 1, np.nan, 0], "b": [3.0, 2, 1, 3, 0, 9]}
        self.assertEqual(list(edgesweep.pareto(data, min=["a", "b"])), [0, 1, 2, 3, 5])
        self.assertEqual(list(edgesweep.pareto(data, min=["a", "b"], unique=True)), [0, 1, 2, 5])
        self.assertEqual(list(edgesweep.pareto(data, max=["a", "b"])), [0, 1, 2, 3, 5])
        with self.assertRaises(ValueError):
            edgesweep.pareto(data)


class Choices(unittest.TestCase):
    sets = {"model": "Llama-3.2-*, Qwen3-*", "device": "Raspberry*, Orange*, Jetson*", "prompt": "512, 2048"}

    def test_is_that_of_the_command_and_of_the_sweep(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.csv")
            flags = [word for key, value in self.sets.items() for word in ("--set", f"{key}={value}")]
            command("run", "sweeps/edge.sweep", *flags, "--exact", "-q", "-o", path)
            options = ("--pick", "precision", "--by", "device", "--max", "quality,decode_tok_s", "-o", "-")
            one = rows_of(command("best", path, *options))
            three = rows_of(command("best", path, *options, "--top", "3"))
        table = edgesweep.run("sweeps/edge.sweep", **self.sets)
        asked = {"pick": "precision", "by": "device", "max": ["quality", "decode_tok_s"]}
        names = ("device", "precision", "model", "prompt")
        for top, rows in ((1, one), (3, three)):
            chosen = edgesweep.best(table, top=top, **asked)
            for name in names:
                self.assertEqual([str(v) for v in chosen[name]], [row[name] for row in rows])
        frame = edgesweep.best(table.to_pandas(), **asked)
        self.assertEqual(list(frame.index), [list(table.index).index(i) for i in edgesweep.best(table, **asked).index])
        of_sweep = edgesweep.run("sweeps/edge.sweep", table="best", sets={"best.by": "device"}, **self.sets)
        self.assertEqual(sorted(of_sweep.index), sorted(edgesweep.best(table, **asked).index))
        self.assertNotEqual(list(edgesweep.best(table, tie=0, **asked).index), list(edgesweep.best(table, **asked).index))

    def test_plain_arrays(self):
        data = {"f": ["x", "y", "x", "z", "y"], "g": [1, 1, 1, 2, 2], "a": [3.0, 2, 1, np.nan, 5], "b": [0.0, 1, 2, 3, 4]}
        self.assertEqual(list(edgesweep.best(data, pick="f", min="a")), [2])
        self.assertEqual(list(edgesweep.best(data, pick="f", by="g", min="a", top=9)), [2, 1, 4])
        self.assertEqual(list(edgesweep.best(data, pick="f", min="a", max="b", order=["b", "a"])), [4])
        self.assertEqual(list(edgesweep.best(data, pick="f", min=["a", "b"], tie=1.5, kin="g")), [1])
        with self.assertRaises(ValueError):
            edgesweep.best(data, pick="f")
        with self.assertRaises(ValueError):
            edgesweep.best(data, pick="f", min="a", order=["b"])
        with self.assertRaises(edgesweep.Error):
            edgesweep.best(data, pick="f", min="a", kin="g", tie=-1)


class Faults(unittest.TestCase):
    def refused(self, *arguments, **options):
        with self.assertRaises(edgesweep.Error) as caught:
            edgesweep.run(*arguments, **options)
        return caught.exception

    def test_places(self):
        fault = self.refused("[sweep]\nkernel = edgeprofile\n")
        self.assertEqual((fault.status, fault.file, fault.line, fault.column), (2, "sweep", 2, 10))
        self.assertIn("did you mean 'edgeprofiler'", fault.message)
        fault = self.refused("/nowhere.sweep")
        self.assertEqual((fault.file, fault.line), ("/nowhere.sweep", None))
        fault = self.refused(TEXT, table="front", sets={"pareto": ""})
        self.assertEqual((fault.file, str(fault)), (None, "the sweep has no [pareto]"))
        self.assertEqual(len(self.refused("[sweep]\nkernel = edgeprofiler\nx = 1\ny = 2\n").messages), 2)

    def test_warnings(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            edgesweep.run(TEXT, sets={"seq_len": "3, 3"})
        self.assertTrue(any("warning: " in str(w.message) for w in caught))

    def test_words(self):
        with self.assertRaises(ValueError):
            edgesweep.open_stream(TEXT, table="rest")
        with self.assertRaises(TypeError):
            edgesweep.run(TEXT).codes("energy_j")


class Commands(unittest.TestCase):
    def test_advise(self):
        advice = edgesweep.advise("rpi5", use="code", top=3)
        self.assertEqual(list(advice["rank"]), [1, 2, 3])
        self.assertTrue(np.all(advice["decode_tok_s"] >= 8))
        self.assertEqual(edgesweep.advise("rpi5", min_speed=1e9), {})
        with self.assertRaises(edgesweep.Error) as caught:
            edgesweep.advise("nonesuch9")
        self.assertEqual(caught.exception.status, 2)

    def test_explain(self):
        table = edgesweep.run(TEXT)
        row = 17
        text = edgesweep.explain(TEXT, index=table.index[row])
        self.assertIn(table["model"][row], text)
        self.assertIn("end_to_end_ms", text)
        self.assertEqual(edgesweep.explain("sweeps/paper.sweep", index=7), command("explain", "sweeps/paper.sweep", "--index", "7", "--full"))

    def test_calibrate(self):
        measured = pd.read_csv("sweeps/measured.csv")
        from_frame, from_file = edgesweep.calibrate(measured), edgesweep.calibrate("sweeps/measured.csv")
        self.assertEqual(list(from_frame), list(from_file))
        np.testing.assert_array_equal(from_frame["value"], from_file["value"])
        self.assertGreater(len(from_file["value"]), 50)


class Examples(unittest.TestCase):
    def test_front(self):
        folder = os.path.dirname(os.environ["EDGESWEEP_LIBRARY"])
        with tempfile.TemporaryDirectory() as work:
            program = os.path.join(work, "front")
            compiler = [os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-Iinclude"]
            subprocess.run([*compiler, "tests/examples/front.c", "-o", program, f"-L{folder}", "-ledgesweep",
                            f"-Wl,-rpath,{folder}"], check=True)  # fmt: skip
            done = subprocess.run([program, "Raspberry Pi 5 16GB"], capture_output=True, text=True, check=True)
            wrong = subprocess.run([program, "nonesuch"], capture_output=True, text=True, check=False)
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("unknown device: 'nonesuch'", wrong.stderr)
        with open("tests/examples/front.c", encoding="utf-8") as source:
            text = "\n".join(re.findall(r'"(.*)\\n";?$', source.read().split("int main")[0], re.M)) + "\n"
        table = edgesweep.run(text, table="front", device="Raspberry Pi 5 16GB")
        lines = [line.split() for line in done.stdout.splitlines()[1:]]
        self.assertEqual([line[0] for line in lines], list(table["model"]))
        self.assertEqual([line[2] for line in lines], [f"{v:.2f}" for v in table["decode_tok_s"]])

    def test_notebook(self):
        with tempfile.TemporaryDirectory() as work:
            figure = os.path.join(work, "figure.svg")
            arguments = [figure] if shutil.which("gnuplot") else []
            done = subprocess.run([sys.executable, "-W", "ignore", "tests/examples/notebook.py", *arguments],
                                  capture_output=True, text=True, check=True)  # fmt: skip
            self.assertRegex(done.stdout, r"model +precision +decode_tok_s +quality\n")
            if not arguments:
                self.skipTest("no gnuplot: the figure of tests/examples/notebook.py")
            with open(figure, encoding="utf-8") as svg:
                self.assertIn("quality (MMLU)", svg.read())


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0, warnings="ignore").result
    bad = len(result.failures) + len(result.errors)
    for _, reason in result.skipped:
        print(f"SKIPPED: {reason}")
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed")
    sys.exit(bad > 0)
