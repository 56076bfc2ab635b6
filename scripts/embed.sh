#!/bin/sh
# Turns files into a C source with their bytes.
#
#     scripts/embed.sh [-c] [-n NAME] OUT.c FILE...
#
# With -c the files are CSV, and their bytes become what es_table_load_cells (src/catalog/load.h) reads: the number of
# columns and rows below the header, then of each row (and first the header) its line's number and its cells, unquoted and
# trimmed, each ending with NUL.
# OUT.c defines the array NAME [es_embedded_files] of struct es_embedded, src/catalog/embedded.h; compile it with -Isrc.
# A file's name in it is its last path component.  The bytes go into string literals, octal only where C needs it, so that
# compilers stay quick; each literal ends with a line of its file.  OUT.c appears whole or not at all.
set -eu
LC_ALL=C
export LC_ALL

array=es_embedded_files
content=cat nul=0
if [ "${1:-}" = -c ]; then
    content=cells nul=30
    shift
fi
if [ "${1:-}" = -n ] && [ $# -ge 2 ]; then
    array=$2
    shift 2
fi
if [ $# -lt 2 ]; then
    echo "usage: embed.sh [-c] [-n NAME] OUT.c FILE..." >&2
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
# Rows of any number of lines; byte 30 stands for NUL, which not every awk can print.
cells() {
    awk '
        function fail(why) {
            printf "embed.sh: %s:%d: %s\n", FILENAME, NR, why >"/dev/stderr"
            failed = 1
            exit 1
        }
        function end_cell(cell) {
            gsub(/^[ \t-\r]+|[ \t-\r]+$/, "", cell)
            row = row cell "\036"
            n++
            text = ""
        }
        {
            sub(/\r$/, "")
            if (open) {
                text = text "\n"
            } else {
                if ($0 ~ /^[ \t-\r]*$/)
                    next
                row = NR "\036"
                n = 0
            }
            rest = $0
            for (;;) {
                if (!open && match(rest, /^[ \t]*"/)) {
                    rest = substr(rest, RLENGTH + 1)
                    open = 1
                } else if (!open) {
                    comma = index(rest, ",")
                    end_cell(comma ? substr(rest, 1, comma - 1) : rest)
                    if (!comma)
                        break
                    rest = substr(rest, comma + 1)
                    continue
                }
                quote = index(rest, "\"")
                if (!quote) {
                    text = text rest
                    next
                }
                text = text substr(rest, 1, quote - 1)
                rest = substr(rest, quote + 1)
                if (substr(rest, 1, 1) == "\"") {
                    text = text "\""
                    rest = substr(rest, 2)
                    continue
                }
                open = 0
                end_cell(text)
                if (rest ~ /^[ \t]*$/)
                    break
                if (!match(rest, /^[ \t]*,/))
                    fail("text behind a closing quote")
                rest = substr(rest, RLENGTH + 1)
            }
            if (columns == 0)
                columns = n
            if (n != columns)
                fail(n " cells; expected " columns)
            rows[++n_rows] = row
        }
        END {
            if (open && !failed)
                fail("a quote is never closed")
            printf "%d\036%d\036", columns, n_rows - 1
            for (i = 1; i <= n_rows; i++)
                printf "%s", rows[i]
            exit failed
        }' "$1"
}

partial=$out.partial
trap 'rm -f "$partial" "$partial.bytes"' EXIT

{
    echo '/* Written by scripts/embed.sh. */'
    echo '#include "catalog/embedded.h"'
    echo
    echo '#pragma GCC diagnostic ignored "-Woverlength-strings"'
    number=0
    for file; do
        echo
        echo "static const unsigned char data_$number[] ="
        $content "$file" >"$partial.bytes"
        od -An -v -t u1 "$partial.bytes" | awk -v nul=$nul '
            BEGIN {
                for (i = 0; i < 256; i++)
                    text[i] = i >= 32 && i < 127 ? sprintf("%c", i) : sprintf("\\%03o", i)
                text[nul] = "\\000"
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
