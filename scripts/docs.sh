#!/bin/sh
# The public headers as HTML, by doxygen.  Any warning is an error.
#
#   scripts/docs.sh DIRECTORY     the first page is DIRECTORY/html/index.html
set -eu
cd "$(dirname "$0")/.."
command -v doxygen >/dev/null 2>&1 || {
    echo 'docs.sh: doxygen is missing; Debian and Ubuntu: apt-get install doxygen' >&2
    exit 3
}
version=$(sed -n 's/^.define EDGESWEEP_VERSION "\(.*\)"/\1/p' include/edgesweep/version.h)
mkdir -p "$1"
# Our comments are plain ones: those at the start of a line are about what follows, others about what they stand behind.
cat >"$1/filter" <<'END'
#!/bin/sh
sed -e '1s|^/\* |/** @file\n * |' -e 's|^\( *\)/\* \([^-]\)|\1/** \2|' \
    -e '/^struct [a-z_]*;/!s|^\(..*[;,{] *\)/\* |\1/**< |' "$1"
END
chmod +x "$1/filter"
doxygen - <<END
PROJECT_NAME = libedgesweep
PROJECT_NUMBER = $version
INPUT = include/edgesweep
OUTPUT_DIRECTORY = $1
STRIP_FROM_PATH = include
STRIP_FROM_INC_PATH = include
INPUT_FILTER = $1/filter
OPTIMIZE_OUTPUT_FOR_C = YES
EXTRACT_ALL = YES
JAVADOC_AUTOBRIEF = YES
TYPEDEF_HIDES_STRUCT = YES
SORT_MEMBER_DOCS = NO
DISABLE_INDEX = NO
MARKDOWN_SUPPORT = NO
GENERATE_LATEX = NO
HAVE_DOT = NO
CLASS_GRAPH = NO
INCLUDE_GRAPH = NO
INCLUDED_BY_GRAPH = NO
ENABLE_PREPROCESSING = YES
MACRO_EXPANSION = YES
PREDEFINED = __attribute__(x)=
QUIET = YES
WARN_AS_ERROR = FAIL_ON_WARNINGS
END
echo "$1/html/index.html"
