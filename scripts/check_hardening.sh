#!/usr/bin/env bash
# What the compiler and the linker were asked for is in the program; nothing in src/ starts a shell.
#
#   scripts/check_hardening.sh [build/edgesweep]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
program=${1:-build/edgesweep} faults=0
fault() { echo "$program: $*"; faults=$((faults + 1)); }
wants() { # WHAT PATTERN TEXT
    grep -qE "$2" <<<"$3" || fault "$1"
}
[ -e "$program" ] || { echo "no $program: run make first"; exit 1; }
header=$(readelf -hW "$program") segments=$(readelf -lW "$program") dynamic=$(readelf -dW "$program")
symbols=$(readelf -W --dyn-syms "$program")
wants 'not position independent' 'Type: +DYN' "$header"
wants 'no read-only relocations' 'GNU_RELRO' "$segments"
wants 'symbols are bound late: the relocations stay writable' 'BIND_NOW|Flags:.* NOW' "$dynamic"
wants 'the stack is executable' 'GNU_STACK.* RW +0x' "$segments"
wants 'no stack protector' '__stack_chk_fail' "$symbols"
wants 'C library calls are not fortified' '__(snprintf|memcpy|vsnprintf|fprintf)_chk' "$symbols"
grep -qE '\((RPATH|RUNPATH|TEXTREL)\)' <<<"$dynamic" && fault 'a library path or relocations in the code'
grep -qE 'LOAD.* RWE ' <<<"$segments" && fault 'a segment is writable and executable'
if grep -nE '\b(system|popen|execl[pe]?|gets|mktemp|tmpnam)\(' src/*/*.c; then
    fault 'a shell, or a function that cannot be used safely'
fi
[ "$faults" = 0 ]
