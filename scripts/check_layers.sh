#!/bin/sh
# Checks the layering rule on the `#include` lines of src/ and include/ (CONTRIBUTING.md, "Layers").
#
#   mpi -> cli -> engine, analyse -> grid, catalog, io -> core -> base
#
# A file may include headers of its own layer and of those listed for it here; base sees nothing else.  core/ is pure
# mathematics: no streams, no allocation, no CSV.  Public headers include only public and standard ones.
set -u
cd "$(dirname "$0")/.." || exit 1

awk '
BEGIN {
    allowed["base"] = ""
    allowed["core"] = "base"
    allowed["io"] = "core base"
    allowed["catalog"] = "io core base"
    allowed["grid"] = "catalog io core base"
    allowed["analyse"] = "grid catalog io core base"
    allowed["engine"] = "analyse grid catalog io core base"
    allowed["cli"] = "engine analyse grid catalog io core base"
    allowed["mpi"] = "cli engine analyse grid catalog io core base"
}
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
    if (layer == "core" && header ~ /^(stdio|stdlib|malloc|unistd|fcntl|csv|jansson|zlib|zstd|omp)\.h$/)
        fault("core has no streams, no allocation, no libraries: <" header ">")
}
layer == "core" && /[^a-zA-Z0-9_](malloc|calloc|realloc|free|printf|fprintf|fopen|fwrite)\(/ {
    fault("core neither allocates nor writes")
}
END { exit faults > 0 }
' $(find src include -name '*.[ch]' | sort) || { echo 'check_layers: see CONTRIBUTING.md, "Layers"' >&2; exit 1; }
