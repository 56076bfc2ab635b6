"""Sweeps of language models, quantizations and edge devices as columns: numpy, pandas, Arrow.

    import edgesweep
    rows = edgesweep.run("edge.sweep", where="fits = 1", prompt=[512, 4096])
    rows["decode_tok_s"].max()
    frame = rows.to_pandas()
    front = edgesweep.pareto(frame, min="energy_j_per_token", max="quality")
    choice = edgesweep.best(frame, pick="precision", by="device", max=["quality", "decode_tok_s"])
    duckdb.sql("select device, max(decode_tok_s) from rows group by device")   # by __arrow_c_stream__

Sweeps are computed by libedgesweep, of the same version, found by $EDGESWEEP_LIBRARY, beside this file or above it, or by the
system's loader.  advise, explain and calibrate ask the command `edgesweep` ($EDGESWEEP_COMMAND, beside the library's folder,
or on the PATH).  Needs numpy; pandas only for to_pandas.  What is wrong with a sweep is an Error, which knows file, line and
column; what is only doubtful comes as a warning.
"""

from __future__ import annotations

import concurrent.futures
import csv
import ctypes
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import weakref
from ctypes import POINTER, byref, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint, c_uint64, c_void_p
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

__version__ = "0.1.0"
__all__ = ["Batch", "Column", "Error", "Stream", "Table", "advise", "best", "calibrate", "explain", "open_stream", "pareto", "run"]

ABI = 0  # of the Makefile


class Error(Exception):
    """What the library or the command refuses; str() has all messages.  Of the first: file, line, column, None where not
    known, and message; status as the command exits with it (2: the sweep or its use, 1: anything else, 130: cancelled)."""

    def __init__(self, status: int, messages: Sequence[str], has_file: bool = False):
        super().__init__("\n".join(messages))
        self.status = status
        self.messages = list(messages)
        place = re.match(r"([^\n:]+):(?:(\d+):)?(?:(\d+):)? (.*)", messages[0])
        found = place and (place[2] or has_file)
        self.file = place[1] if found else None
        self.line = int(place[2]) if found and place[2] else None
        self.column = int(place[3]) if found and place[3] else None
        self.message = place[4] if found else messages[0]


# ---- the library: the structures of include/edgesweep/error.h, stream.h, pareto.h, arrow.h ----


class _Error(ctypes.Structure):
    _fields_ = [("status", c_int), ("has_file", c_bool), ("text", c_char * 1024)]


class _Errors(ctypes.Structure):
    _fields_ = [("n_errors", c_uint), ("n_warnings", c_uint), ("error", _Error * 20), ("warning", _Error * 20)]


class _Options(ctypes.Structure):
    _fields_ = [
        ("path", c_char_p), ("text", c_char_p), ("catalogs", POINTER(c_char_p)), ("n_catalogs", c_size_t),
        ("sets", POINTER(c_char_p)), ("wheres", POINTER(c_char_p)), ("n_sets", c_size_t), ("n_wheres", c_size_t),
        ("table", c_int), ("unique", c_bool), ("threads", c_uint), ("limit", c_uint64), ("part", c_bool),
        ("first", c_uint64), ("end", c_uint64), ("chunk_rows", c_size_t),
    ]  # fmt: skip


class _Column(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("type", c_int), ("is_axis", c_bool),
                ("texts", POINTER(c_char_p)), ("n_texts", c_size_t)]  # fmt: skip


class _Chunk(ctypes.Structure):
    _fields_ = [("n", c_size_t), ("index", c_void_p), ("value", POINTER(c_void_p)), ("valid", POINTER(c_void_p)),
                ("missing", POINTER(c_size_t))]  # fmt: skip


class _Points(ctypes.Structure):
    _fields_ = [("n", c_size_t), ("d", c_uint), ("column", POINTER(c_void_p)), ("stride", c_size_t),
                ("direction", POINTER(c_int)), ("group", c_void_p), ("name", POINTER(c_char_p))]  # fmt: skip


class _Index(ctypes.Structure):
    _fields_ = [("index", POINTER(c_uint64)), ("count", c_size_t)]


class _Contest(ctypes.Structure):
    _fields_ = [("pick", c_void_p), ("kin", c_void_p), ("margin", c_double), ("top", c_size_t)]


class _ArrowStream(ctypes.Structure):
    _fields_ = [(name, c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")]


def _load() -> ctypes.CDLL:
    name = f"libedgesweep.so.{ABI}"
    folder = pathlib.Path(__file__).resolve().parent
    near = [f / name for f in [folder, *folder.parents[:3]]]
    path = os.environ.get("EDGESWEEP_LIBRARY") or next((str(p) for p in near if p.exists()), name)
    try:
        library = ctypes.CDLL(path)
    except OSError as fault:
        raise ImportError(f"edgesweep: {fault}; install the library or set EDGESWEEP_LIBRARY") from None
    for function, result, *arguments in (
        ("es_sweep_open", c_int, POINTER(c_void_p), POINTER(_Options), POINTER(_Errors)),
        ("es_sweep_close", None, c_void_p),
        ("es_sweep_next", c_int, c_void_p, POINTER(POINTER(_Chunk)), POINTER(_Errors)),
        ("es_sweep_cancel", None, c_void_p),
        ("es_stream_columns", POINTER(_Column), c_void_p, POINTER(c_size_t)),
        ("es_chunk_release", None, POINTER(_Chunk)),
        ("es_stream_to_arrow", c_int, c_void_p, POINTER(_ArrowStream), POINTER(_Errors)),
        ("es_front", c_int, POINTER(_Points), c_int, c_uint, POINTER(_Index), POINTER(_Errors)),
        ("es_best_choices", c_int, POINTER(_Points), POINTER(_Contest), POINTER(_Index), POINTER(_Errors)),
        ("es_index_free", None, POINTER(_Index)),
    ):
        handle = getattr(library, function)
        handle.restype, handle.argtypes = result, arguments
    return library


_library = _load()
_python = ctypes.PyDLL(None)
_python.PyMem_RawCalloc.restype, _python.PyMem_RawCalloc.argtypes = c_void_p, [c_size_t, c_size_t]
_python.PyMem_RawFree.restype, _python.PyMem_RawFree.argtypes = None, [c_void_p]
_python.PyCapsule_New.restype, _python.PyCapsule_New.argtypes = ctypes.py_object, [c_void_p, c_char_p, c_void_p]
_python.PyCapsule_GetPointer.restype, _python.PyCapsule_GetPointer.argtypes = c_void_p, [c_void_p, c_char_p]


def _warn(message: str) -> None:
    """Where this module was called from."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_code.co_filename == __file__:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level - 1)


def _check(status: int, errors: _Errors) -> None:
    for i in range(min(errors.n_warnings, 20)):
        _warn(errors.warning[i].text.decode(errors="replace"))
    if status:
        texts = [errors.error[i].text.decode(errors="replace") for i in range(min(errors.n_errors, 20))]
        raise Error(status, texts or ["failed"], errors.error[0].has_file)


# ---- streams ----


class Column:
    """name, unit ("" without), dtype (float64, int64; int32 for codes of texts), is_axis; texts: all that a text column can
    hold, as a list, None for numbers."""

    def __init__(self, column: _Column):
        self.name: str = column.name.decode()
        self.unit: str = column.unit.decode()
        self.is_axis: bool = column.is_axis
        self.dtype = np.dtype((np.float64, np.int64, np.int32)[column.type])
        self.texts: list[str] | None = None
        if column.type == 2:
            self.texts = [column.texts[i].decode() for i in range(column.n_texts)]

    def __repr__(self) -> str:
        return f"<Column {self.name}{f' [{self.unit}]' if self.unit else ''} {'text' if self.texts is not None else self.dtype}>"


class _Memory:
    """Shows numpy memory of a chunk, which lives as long as an array does."""

    def __init__(self, chunk: Any, address: int, n: int, dtype: np.dtype):
        self.chunk = chunk
        self.__array_interface__ = {"version": 3, "data": (address, True), "shape": (n,), "typestr": dtype.str}


class _Owner:
    def __init__(self, chunk: Any):
        self.finalizer = weakref.finalize(self, _library.es_chunk_release, chunk)


class Batch:
    """Consecutive rows of a stream, not copied: raw[name] and index are read-only arrays (n,) that keep the batch's memory.

    raw: float64 with NaN where missing, int64 with 0, int32 codes into Column.texts with -1.  missing: by name, how many rows
    have no value.  valid(name): a bool array (n,)."""

    def __init__(self, columns: Mapping[str, Column], chunk: Any):
        owner, c = _Owner(chunk), chunk.contents
        self.columns, self.n = columns, c.n
        self.index = np.asarray(_Memory(owner, c.index, c.n, np.dtype(np.int64)))
        self.raw: dict[str, np.ndarray] = {}
        self.missing: dict[str, int] = {}
        self._valid = {}
        for k, (name, column) in enumerate(columns.items()):
            self.raw[name] = np.asarray(_Memory(owner, c.value[k], c.n, column.dtype))
            self.missing[name] = c.missing[k]
            if c.missing[k]:
                self._valid[name] = np.asarray(_Memory(owner, c.valid[k], (c.n + 7) // 8, np.dtype(np.uint8)))

    def __len__(self) -> int:
        return self.n

    def valid(self, name: str) -> np.ndarray:
        if name not in self._valid:
            return np.ones(self.n, bool)
        return np.unpackbits(self._valid[name], count=self.n, bitorder="little").astype(bool)


class Stream:
    """Batches of a sweep in index order; iterate over it once, or hand it to what reads Arrow (once, too): pyarrow's
    RecordBatchReader.from_stream, polars.DataFrame, duckdb.sql.  Made by open_stream; memory stays small whatever the number
    of points.  Threads of the library compute ahead; Ctrl-C stops them."""

    def __init__(self, options: _Options, keep: Any):
        self._keep, errors, handle = keep, _Errors(), c_void_p()
        self._handle: c_void_p | None = None
        _check(_library.es_sweep_open(byref(handle), byref(options), byref(errors)), errors)
        self._handle = handle
        self._closer = weakref.finalize(self, _library.es_sweep_close, handle)
        n = c_size_t()
        columns = _library.es_stream_columns(handle, byref(n))
        self.columns: dict[str, Column] = {c.name: c for c in map(Column, columns[: n.value])}

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Ends the threads; batches stay."""
        self._closer()
        self._handle = None

    def _take(self) -> c_void_p:
        if self._handle is None:
            raise ValueError("the stream is closed or was handed on")
        return self._handle

    def __iter__(self) -> Iterator[Batch]:
        handle = self._take()

        def take() -> tuple[int, Any, _Errors]:
            chunk, errors = POINTER(_Chunk)(), _Errors()
            return _library.es_sweep_next(handle, byref(chunk), byref(errors)), chunk, errors

        # Waits in another thread: a thread inside the library cannot be interrupted.
        with concurrent.futures.ThreadPoolExecutor(1, "edgesweep") as waiting:
            try:
                while True:
                    status, chunk, errors = waiting.submit(take).result()
                    _check(status, errors)
                    if not chunk:
                        return
                    yield Batch(self.columns, chunk)
            except KeyboardInterrupt:
                _library.es_sweep_cancel(handle)
                raise

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A PyCapsule `arrow_array_stream`, which then owns the stream."""
        handle, errors = self._take(), _Errors()
        memory = _python.PyMem_RawCalloc(1, ctypes.sizeof(_ArrowStream))
        if not memory:
            raise MemoryError
        _check(_library.es_stream_to_arrow(handle, _ArrowStream.from_address(memory), byref(errors)), errors)
        self._closer.detach()
        self._handle = None
        return _python.PyCapsule_New(memory, b"arrow_array_stream", ctypes.cast(_release_capsule, c_void_p))


@ctypes.PYFUNCTYPE(None, c_void_p)
def _release_capsule(capsule: int) -> None:
    memory = _python.PyCapsule_GetPointer(capsule, b"arrow_array_stream")
    release = _ArrowStream.from_address(memory).release
    if release:
        ctypes.CFUNCTYPE(None, c_void_p)(release)(memory)
    _python.PyMem_RawFree(memory)


def _value_text(value: Any) -> str:
    if isinstance(value, (list, tuple, set, np.ndarray, range)):
        return ", ".join(f'"{v}"' if isinstance(v, str) and "," in v else _value_text(v) for v in value)
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)


def _texts(values: Sequence[str]) -> Any:
    return (c_char_p * len(values))(*[v.encode() for v in values])


def open_stream(
    file_or_text: str | os.PathLike | None = None,
    *,
    where: str | Sequence[str] | None = None,
    table: str = "rows",
    sets: Mapping[str, Any] | None = None,
    metrics: Mapping[str, str] | None = None,
    catalog: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    unique: bool = False,
    threads: int = 0,
    limit: int = 0,
    part: tuple[int, int] | None = None,
    batch_rows: int = 0,
    **axes: Any,
) -> Stream:
    """Opens a sweep, loading it but computing nothing yet.

    file_or_text: the path of a sweep file, or its text (that has a line end).  None: everything comes from the axes.
    where: conditions beside those of [where].  table: "rows", "front" (of [pareto]) or "best" (of [best]).
    axes: values of any key of [sweep], as the file has them ("128:4096*2") or lists: prompt=[128, 512]; device__mem_bw_gbs is
    device.mem_bw_gbs.  sets: the same for keys of any section: {"best.pick": "precision", "device.mem_bw_gbs": "8:64+8"}.
    metrics: {"NAME [UNIT]": "EXPRESSION"}.  catalog: folders DIR or +DIR.  columns: which, in order.  unique: of equal points
    of the front the first, with `ties`.  threads: 0, all.  limit: rows.  part: points (first, end).  batch_rows: 0, about 65536.
    """
    tables = ("rows", "front", "best")
    if table not in tables:
        raise ValueError(f"table is {table!r}; expected one of {', '.join(tables)}")
    is_text = isinstance(file_or_text, str) and "\n" in file_or_text
    pairs = {name.replace("__", "."): value for name, value in axes.items()} | dict(sets or {})
    if columns is not None:
        pairs["output.columns"] = columns
    given = [f"{key}={_value_text(value)}" for key, value in pairs.items()]
    given += [f"--metric {name} = {expression}" for name, expression in (metrics or {}).items()]
    wheres = [where] if isinstance(where, str) else list(where or [])
    catalogs = [catalog] if isinstance(catalog, str) else list(catalog or [])
    lists = [_texts(values) for values in (catalogs, given, wheres)]
    first, end = part or (0, 0)
    options = _Options(
        None if is_text or file_or_text is None else os.fsencode(file_or_text),
        file_or_text.encode() if is_text else None,
        lists[0], len(catalogs), lists[1], lists[2], len(given), len(wheres),
        tables.index(table), unique, threads, limit, part is not None, first, end, batch_rows,
    )  # fmt: skip
    return Stream(options, lists)


# ---- tables ----


class Table:
    """Columns of equal length.  table[name] is a numpy array (n,): float64 with NaN where missing; int64, or float64 with
    NaN when values are missing; texts as objects, None where missing.  codes(name): int32 array with -1 where missing, and
    the list of texts.  columns: by name, Column with unit.  index: numbers of the points, for explain."""

    def __init__(self, columns: Mapping[str, Column], raw: Mapping[str, np.ndarray], missing: Mapping[str, np.ndarray],
                 index: np.ndarray, source: Any = None):  # fmt: skip
        self.columns, self.index = dict(columns), index
        self._raw, self._missing, self._source = dict(raw), dict(missing), source
        self._texts: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def keys(self) -> list[str]:
        return list(self.columns)

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.columns)}>"

    def codes(self, name: str) -> tuple[np.ndarray, list[str]]:
        texts = self.columns[name].texts
        if texts is None:
            raise TypeError(f"column {name} has numbers")
        return self._raw[name], texts

    def __getitem__(self, name: str) -> np.ndarray:
        column, raw = self.columns[name], self._raw[name]
        if column.texts is not None:
            if name not in self._texts:
                self._texts[name] = np.array([*column.texts, None], object)[raw]
            return self._texts[name]
        if name in self._missing and raw.dtype == np.int64:
            return np.where(self._missing[name], np.nan, raw)
        return raw

    def take(self, rows: np.ndarray) -> Table:
        """The rows of these numbers, in this order."""
        raw = {name: values[rows] for name, values in self._raw.items()}
        missing = {name: values[rows] for name, values in self._missing.items()}
        return Table(self.columns, raw, missing, self.index[rows])

    def to_pandas(self) -> Any:
        """A DataFrame: texts as categories, whole numbers with gaps as Int64."""
        import pandas as pd

        data: dict[str, Any] = {}
        for name, column in self.columns.items():
            if column.texts is not None:
                data[name] = pd.Categorical.from_codes(self._raw[name], column.texts)
            elif name in self._missing and column.dtype == np.int64:
                data[name] = pd.arrays.IntegerArray(self._raw[name], self._missing[name])
            else:
                data[name] = self._raw[name]
        return pd.DataFrame(data)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The sweep is computed anew on the way, so that nothing is copied; only for what run gave."""
        if self._source is None:
            raise TypeError("only tables of edgesweep.run are Arrow streams; use to_pandas()")
        arguments, keywords = self._source
        return open_stream(*arguments, **keywords).__arrow_c_stream__(requested_schema)


def run(file_or_text: str | os.PathLike | None = None, *, where: str | Sequence[str] | None = None, **options: Any) -> Table:
    """Computes a sweep into a Table; arguments as those of open_stream, axes included.

    >>> edgesweep.run(None, kernel="edgeprofiler", model="EP-*", device="EP*", seq_len=[256, 1024])["end_to_end_ms"]
    """
    with open_stream(file_or_text, where=where, **options) as stream:
        batches = list(stream)
        raw, missing = {}, {}
        for name, column in stream.columns.items():
            raw[name] = np.concatenate([b.raw[name] for b in batches]) if batches else np.empty(0, column.dtype)
            if any(b.missing[name] for b in batches):
                missing[name] = ~np.concatenate([b.valid(name) for b in batches])
        index = np.concatenate([b.index for b in batches]) if batches else np.empty(0, np.int64)
        return Table(stream.columns, raw, missing, index, ((file_or_text,), {"where": where, **options}))


def _names(names: str | Sequence[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or [])


def pareto(frame: Any, *, min: str | Sequence[str] | None = None, max: str | Sequence[str] | None = None,
           by: str | Sequence[str] | None = None, unique: bool = False, threads: int = 0) -> Any:  # fmt: skip
    """The rows that no other row beats in all objectives, within each group of the `by` columns, in their order.

    frame: a Table, a DataFrame (its like is returned) or a dict of arrays (n,), of which the row numbers are returned, int64.
    Equal rows are all kept, with unique only the first.  Rows without a value of an objective are left out."""
    objectives = [(name, 0) for name in _names(min)] + [(name, 1) for name in _names(max)]
    points, rows = _points(frame, objectives, by)
    front, errors = _Index(), _Errors()
    _check(_library.es_front(byref(points), int(unique), threads, byref(front), byref(errors)), errors)
    return _taken(frame, rows, front)


QUALITY_TIE = 0.3  # ES_QUALITY_TIE of sweep.h


def best(frame: Any, *, pick: str | Sequence[str], by: str | Sequence[str] | None = None,
         min: str | Sequence[str] | None = None, max: str | Sequence[str] | None = None,
         order: Sequence[str] | None = None, top: int = 1, tie: float | None = None, kin: str | None = None) -> Any:  # fmt: skip
    """The best choice of each group of the `by` columns: every value of `pick` is represented by its best row, and of these the
    best wins; with top=N the N best, in order.  Groups stand in the order in which they first appear.

    min, max: the objectives; the first decides, the others break ties in turn, min before max where `order` (all their names)
    says nothing else.  kin and tie: rows of one value of `kin` whose first objective differs by less than `tie` are equal in
    it.  As in sweeps these are "model" and 0.3 points where max="quality" comes first and there are models; tie=0: never.
    frame, and what is returned: as for pareto.  Rows without a value of an objective are left out."""
    ways = {**dict.fromkeys(_names(min), 0), **dict.fromkeys(_names(max), 1)}
    if order is not None and sorted(order) != sorted(ways):
        raise ValueError("order: expected the names of min= and max=")
    objectives = [(name, ways[name]) for name in order or ways]
    is_quality = objectives[:1] == [("quality", 1)]
    if kin is None and is_quality and "model" in frame.keys():
        kin = "model"
    if tie is None:
        tie = QUALITY_TIE if is_quality else 0
    points, rows = _points(frame, objectives, by)
    picks, kins = _ids(frame, pick, rows), _ids(frame, kin, rows)
    contest = _Contest(picks.ctypes.data, kins.ctypes.data if kin else None, tie, top)
    found, errors = _Index(), _Errors()
    _check(_library.es_best_choices(byref(points), byref(contest), byref(found), byref(errors)), errors)
    return _taken(frame, rows, found)


def _ids(frame: Any, names: str | Sequence[str] | None, rows: np.ndarray) -> np.ndarray:
    """A number per row, equal where all columns are."""
    group = np.zeros(len(rows), np.int64)
    for name in _names(names):
        codes = np.unique(np.asarray(frame[name], dtype=object)[rows].astype(str), return_inverse=True)[1]
        group = np.unique(group * len(rows) + codes, return_inverse=True)[1]
    return np.ascontiguousarray(group, np.uint32)


def _points(frame: Any, objectives: Sequence[tuple[str, int]], by: Any) -> tuple[_Points, np.ndarray]:
    """Rows that have a value of every objective, and their numbers."""
    if not objectives:
        raise ValueError("no objective; expected min= or max=")
    names = [name for name, _ in objectives]
    values = [np.ascontiguousarray(np.asarray(frame[name], dtype=np.float64)) for name in names]
    rows = np.flatnonzero(np.logical_and.reduce([np.isfinite(v) for v in values]))
    values = [np.ascontiguousarray(v[rows]) for v in values]
    group, d = _ids(frame, by, rows), len(names)
    points = _Points(
        len(rows), d, (c_void_p * d)(*[v.ctypes.data for v in values]), 1,
        (c_int * d)(*[way for _, way in objectives]), group.ctypes.data, _texts(names),
    )  # fmt: skip
    points.arrays = values, group  # live as long
    return points, rows


def _taken(frame: Any, rows: np.ndarray, index: _Index) -> Any:
    found = np.ctypeslib.as_array(index.index, (index.count,)).astype(np.int64) if index.count else np.empty(0, np.int64)
    _library.es_index_free(byref(index))
    chosen = rows[found]
    if isinstance(frame, Table):
        return frame.take(chosen)
    return frame.iloc[chosen] if hasattr(frame, "iloc") else chosen


# ---- the command ----


def _command(*arguments: str) -> str:
    path = os.environ.get("EDGESWEEP_COMMAND")
    if not path:
        folder = pathlib.Path(_library._name).resolve().parent
        near = [f / name for f in (folder, *folder.parents[:2]) for name in ("edgesweep", "bin/edgesweep")]
        path = next((str(p) for p in near if p.is_file()), None) or shutil.which("edgesweep")
    if not path:
        raise Error(1, ["the command edgesweep is not there; install it or set EDGESWEEP_COMMAND"])
    done = subprocess.run([path, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    messages = [line.removeprefix("edgesweep: ") for line in done.stderr.splitlines()]
    if done.returncode:
        raise Error(done.returncode, messages or ["failed"])
    for message in messages:
        if "warning: " in message:
            _warn(message)
    return done.stdout


def _flags(options: Mapping[str, Any]) -> list[str]:
    flags = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is not None and item is not False:
                flags += [flag] if item is True else [flag, str(item)]
    return flags


def _columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    columns = {}
    for name in rows[0] if rows else []:
        values = [row[name] for row in rows]
        if all(v is None or isinstance(v, (int, float)) for v in values) and not all(v is None for v in values):
            whole = all(isinstance(v, int) for v in values)
            columns[name] = np.array(values, np.int64 if whole else np.float64)
        else:
            columns[name] = np.array(values, object)
    return columns


def advise(*names: str, **options: Any) -> dict[str, np.ndarray]:
    """What to run on a device, or on what to run a model, the best first: arrays by column, as `edgesweep advise --json`
    has them.  names: of a device, a model, a format; options as those of the command: use="code", context="16k",
    min_speed=10, goal="energy", top=5.  Nothing meets the wish: {}."""
    text = _command("advise", *names, "--json", *_flags(options))
    return _columns_of(json.loads(text)["rows"]) if text.startswith("{") else {}


def explain(file_or_text: str | os.PathLike, *, index: int | None = None, point: str | None = None, **options: Any) -> str:
    """Every value of one point with its formula and where the constants come from, as text.  index: of Table.index; point:
    "model=..., device=..."."""
    flags = _flags({"index": None if index is None else int(index), "point": point, "full": True, **options})
    if not (isinstance(file_or_text, str) and "\n" in file_or_text):
        return _command("explain", os.fspath(file_or_text), *flags)
    with tempfile.NamedTemporaryFile("w", suffix=".sweep", encoding="utf-8") as file:
        file.write(file_or_text)
        file.flush()
        return _command("explain", file.name, *flags)


def _cell(text: str) -> Any:
    try:
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    except ValueError:
        return text or None


def calibrate(rows: Any, **options: Any) -> dict[str, np.ndarray]:
    """Fits rates to measurements: the columns of calibration.csv (phase, effect, key, value, rows, sources) as arrays.

    rows: a DataFrame, a dict of columns or the path of a table as `edgesweep calibrate` reads it; options as those of the
    command."""
    if isinstance(rows, (str, os.PathLike)):
        text = _command("calibrate", os.fspath(rows), *_flags(options))
    else:
        with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as file:
            names = list(rows.keys())
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            missing = lambda v: v is None or v != v  # noqa: E731
            writer.writerows(["" if missing(v) else v for v in row] for row in zip(*(list(rows[name]) for name in names)))
            file.flush()
            text = _command("calibrate", file.name, *_flags(options))
    cells = list(csv.DictReader(io.StringIO(text)))
    return _columns_of([{name: _cell(value) for name, value in row.items()} for row in cells])
