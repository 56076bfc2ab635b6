#!/usr/bin/env bash
# Builds for aarch64 and riscv64 with cross compilers, warnings as errors, and runs the aarch64 program under qemu-user: golden
# command line cases, README examples, and one hash of all shipped sweeps against the program of this machine at each of its
# SIMD levels.  riscv64 is compiled only: Debian 12 has no libraries to link.  The last line is `N passed, N failed`.
#
#   scripts/cross.sh [COMMAND]      COMMAND of this machine defaults to build/edgesweep
#
# Without the cross compilers or qemu (scripts/bootstrap.sh --ci installs them) each part is left out with a word.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
command=$(realpath "${1:-build/edgesweep}")
jobs=-j$(getconf _NPROCESSORS_ONLN)
passed=0 failed=0
check() { # NAME STATUS
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL cross: $1"; fi
}
have() { command -v "$1" >/dev/null 2>&1; }
# Threads that spin are slow where they are emulated.
export OMP_WAIT_POLICY=passive WERROR=1

hash_of_sweeps() { # COMMAND...
    local sweep
    for sweep in sweeps/*.sweep; do
        case $sweep in *hardware-dse*) continue ;; esac # ten million rows are many for an emulator
        "$@" run "$sweep" -j 1 --exact -q -o - 2>/dev/null
    done | sha256sum
}

if have riscv64-linux-gnu-gcc; then
    # Headers of libraries say the same on every machine.
    make --no-print-directory "$jobs" CC=riscv64-linux-gnu-gcc BUILD=build/riscv64 CFLAGS=-O1 \
        CPPFLAGS="-idirafter /usr/include -idirafter /usr/include/$(gcc -dumpmachine)" lib >build/riscv64.log 2>&1
    check 'library for riscv64' $?
else
    echo 'left out: no riscv64-linux-gnu-gcc'
fi

if ! have aarch64-linux-gnu-gcc || [ ! -e /usr/lib/aarch64-linux-gnu/libjansson.a ]; then
    echo 'left out: aarch64 (no cross compiler, or no libraries for it)'
else
    make --no-print-directory "$jobs" CC=aarch64-linux-gnu-gcc BUILD=build/aarch64 dist >build/aarch64.log 2>&1
    check 'static program for aarch64' $?
    [ "$(stat -c %s build/aarch64/edgesweep-static)" -le 5000000 ]
    check '... of 5 MB at most' $?
    ! grep -q @ build/aarch64/edgesweep.rb && (cd build/aarch64 && sha256sum --quiet -c SHA256SUMS)
    check 'what make dist makes' $?
    if have qemu-aarch64 && [ -x build/aarch64/edgesweep-static ]; then
        emulated=$PWD/build/aarch64/edgesweep
        printf '#!/bin/sh\nexec qemu-aarch64 %q "$@"\n' "$PWD/build/aarch64/edgesweep-static" >"$emulated"
        chmod +x "$emulated"
        aarch64-linux-gnu-gcc -std=c11 -O2 -D_GNU_SOURCE -DES_SIMD_SUFFIX=_baseline -Iinclude -Isrc -static \
            tests/cross/probe_kernels.c src/import/probe.simd.c -o build/aarch64/probe_kernels &&
            qemu-aarch64 -cpu max build/aarch64/probe_kernels
        check 'loops of probe by SDOT and SMMLA' $?
        here=$(hash_of_sweeps "$command")
        for level in baseline v3; do
            [ "$(EDGESWEEP_SIMD=$level hash_of_sweeps "$command")" = "$here" ]
            check "bytes of all sweeps at SIMD level $level" $?
        done
        [ "$(hash_of_sweeps "$emulated")" = "$here" ]
        check 'bytes of all sweeps on aarch64' $?
        # What depends on a processor: numbers and their text, bytes of files, char, which has no sign there.
        scripts/check_cli.sh "$emulated" run-rows run-outputs run-groups best pareto ties metrics memory explain plan json \
            report import import-gguf value-errors sweep-errors catalog-errors escapes version >build/aarch64-cli.log 2>&1
        check 'golden cases on aarch64' $?
        grep '^FAIL' build/aarch64-cli.log
    else
        echo 'left out: no qemu-aarch64'
    fi
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
