#!/bin/sh
# Turns files into a C source with their bytes.
#
#     scripts/embed.sh [-n NAME] OUT.c FILE...
#
# OUT.c defines the array NAME [es_embedded_files] of struct es_embedded, src/catalog/embedded.h; compile it with -Isrc.
# A file's name in it is its last path component.  The bytes go into string literals, octal only where C needs it, so that
# compilers stay quick; each literal ends with a line of its file.  OUT.c appears whole or not at all.
set -eu
LC_ALL=C
export LC_ALL

array=es_embedded_files
if [ "${1:-}" = -n ] && [ $# -ge 2 ]; then
    array=$2
    shift 2
fi
if [ $# -lt 2 ]; then
    echo "usage: embed.sh [-n NAME] OUT.c FILE..." >&2
    exit 2
fi
out=$1
shift
for file; do
    if [ ! -f "$file" ] || [ ! -r "$file" ]; then
        echo "embed.sh: cannot read: '$file'" >&2
        exit 1
    fi
done
partial=$out.partial
trap 'rm -f "$partial"' EXIT

{
    echo '/* Written by scripts/embed.sh. */'
    echo '#include "catalog/embedded.h"'
    echo
    echo '#pragma GCC diagnostic ignored "-Woverlength-strings"'
    number=0
    for file; do
        echo
        echo "static const unsigned char data_$number[] ="
        od -An -v -t u1 "$file" | awk '
            BEGIN {
                for (i = 0; i < 256; i++)
                    text[i] = i >= 32 && i < 127 ? sprintf("%c", i) : sprintf("\\%03o", i)
                text[34] = "\\\""
                text[63] = "\\077" # no trigraphs
                text[92] = "\\\\"
                printf "    \""
            }
            {
                for (i = 1; i <= NF; i++) {
                    printf "%s", text[$i]
                    if ($i == 10 || ++column == 2000) {
                        printf "\"\n    \""
                        column = 0
                    }
                }
            }
            END { print "\";" }'
        number=$((number + 1))
    done
    echo
    echo "extern const struct es_embedded $array[];"
    echo "const struct es_embedded $array[] = {"
    number=0
    for file; do
        echo "    {\"${file##*/}\", data_$number, sizeof data_$number - 1},"
        number=$((number + 1))
    done
    echo '    {NULL, NULL, 0},'
    echo '};'
} >"$partial"
mv "$partial" "$out"
