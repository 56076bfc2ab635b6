#!/bin/sh
# Checks the layering rule on the `#include` lines of src/ and include/ and, where there are objects (build/, or the one
# given), on what they take from each other (CONTRIBUTING.md, "The rooms").
#
#   base < io < catalog < model, pareto < grid < calibrate, import, tables, analysis < engine < shards, report < cli < commands < mpi
#
# A file may include headers of its own room and of those listed for it here; base sees nothing else.  model/ is pure
# mathematics: no streams, no allocation, no CSV.  Public headers include only public and standard ones.
set -u
cd "$(dirname "$0")/.." || exit 1

rooms='
BEGIN {
    allowed["base"] = ""
    allowed["io"] = "base"
    allowed["catalog"] = "io base"
    allowed["pareto"] = "base"
    allowed["model"] = "catalog io base"
    allowed["grid"] = "model catalog io base"
    allowed["calibrate"] = "grid model catalog io base"
    allowed["import"] = "grid model catalog io base"
    allowed["tables"] = "pareto grid model catalog io base"
    allowed["analysis"] = "pareto grid model catalog io base"
    allowed["engine"] = "tables pareto grid model catalog io base"
    allowed["shards"] = "engine tables pareto grid model catalog io base"
    allowed["report"] = "tables pareto grid model catalog io base"
    allowed["cli"] = "shards engine tables import calibrate pareto grid model catalog io base"
    allowed["commands"] = "cli analysis report shards engine tables import calibrate pareto grid model catalog io base"
    allowed["mpi"] = "commands cli analysis report shards engine tables import calibrate pareto grid model catalog io base"
}
'

awk "$rooms"'
function fault(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; faults++ }
FNR == 1 {
    split(FILENAME, part, "/")
    layer = part[1] == "include" ? "public" : part[2]
    if (layer != "public" && !(layer in allowed)) fault("src/" layer "/ is not a layer")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quote, "\"")
    header = quote[2]
    target = header
    sub(/\/.*/, "", target)
    if (layer == "public")
        fault("a public header may not include the private \"" header "\"")
    else if (target == header)
        fault("name the layer: #include \"" layer "/" header "\"")
    else if (header ~ /\.c$/)
        fault("a source is compiled, not included: \"" header "\"")
    else if (target != layer && !index(" " allowed[layer] " ", " " target " "))
        fault(layer " may not include " target ": \"" header "\"")
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    split($0, angle, /[<>]/)
    header = angle[2]
    if (layer == "model" && header ~ /^(stdio|stdlib|malloc|unistd|fcntl|csv|jansson|zlib|zstd|omp)\.h$/)
        fault("model has no streams, no allocation, no libraries: <" header ">")
}
FILENAME != "src/base/os.c" && FILENAME != "src/base/os.h" &&
/[^a-zA-Z0-9_](fallocate|posix_fadvise|fdatasync|getrandom|renameat2|sched_getaffinity|qsort_r|pipe2|sysinfo|statfs|copy_file_range|sendfile|O_TMPFILE|O_PATH|O_DIRECT)[^a-zA-Z0-9_]/ && layer != "public" {
    fault("a Linux call outside base/os")
}
layer == "model" && /[^a-zA-Z0-9_](malloc|calloc|realloc|free|printf|fprintf|fopen|fwrite)\(/ {
    fault("model neither allocates nor writes")
}
END { exit faults > 0 }
' $(find src include -name '*.[ch]' | sort) || { echo 'check_layers: see CONTRIBUTING.md, "The rooms"' >&2; exit 1; }

# Names that an object needs and one of another room defines, of sources that are still there.  MPI is compiled apart.
build=${1:-build}
objects=$(find src -name '*.c' ! -path 'src/mpi/*' | sed -e 's/\.simd\.c$/.simd_*.o/' -e 's/\.c$/.o/' -e "s|^|$build/obj/|")
# shellcheck disable=SC2086
objects=$(ls $objects "$build"/obj/gen/*.o 2>/dev/null)
[ -n "$objects" ] || exit 0
# shellcheck disable=SC2086
nm -A $objects | awk "$rooms"'
function room_of(file,   part, n) {
    n = split(file, part, "/")
    return part[n - 1] != "gen" ? part[n - 1] : part[n] ~ /^catalogs/ ? "catalog" : part[n] ~ /^format/ ? "io" : "report"
}
{
    file = $1
    sub(/:.*/, "", file)
    room = room_of(file)
    if ($(NF - 1) == "U")
        takes[room " " $NF] = file
    else if ($(NF - 1) ~ /^[A-TV-Z]$/)
        home[$NF] = room
}
END {
    for (need in takes) {
        split(need, word, " ")
        if (!(word[2] in home) || home[word[2]] == word[1] || index(" " allowed[word[1]] " ", " " home[word[2]] " "))
            continue
        printf "%s: %s may not use %s: %s\n", takes[need], word[1], home[word[2]], word[2]
        faults++
    }
    exit faults > 0
}
' || { echo 'check_layers: see CONTRIBUTING.md, "The rooms"' >&2; exit 1; }

# No circle of files: tsort finds them among the pairs of a file that takes a name and the one that has it.
# shellcheck disable=SC2086
nm -A $objects | awk '
{
    file = $1
    sub(/:.*/, "", file)
    sub(/^.*\/obj\/(src\/)?/, "", file)
    sub(/\.simd_[a-z0-9]*\.o$/, ".simd", file)
    sub(/\.o$/, "", file)
    if ($(NF - 1) == "U")
        takes[file " " $NF] = 1
    else if ($(NF - 1) ~ /^[A-TV-Z]$/)
        home[$NF] = file
}
END {
    for (need in takes) {
        split(need, word, " ")
        if (word[2] in home && home[word[2]] != word[1])
            print word[1], home[word[2]]
    }
}
' | tsort 2>&1 >/dev/null | sed 's/^tsort: -: input contains a loop:/a circle of files:/; s/^tsort: / /' >"$build/circles"
if [ -s "$build/circles" ]; then
    cat "$build/circles"
    exit 1
fi
