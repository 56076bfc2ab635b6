#!/bin/sh
# Installs what the build needs and is not there yet (Debian and Ubuntu: apt-get, through sudo when not root).
#
#   scripts/bootstrap.sh            what `make` needs
#   scripts/bootstrap.sh --figures  and what figures need
#   scripts/bootstrap.sh --web      and what the browser tests need
#   scripts/bootstrap.sh --office   and what the spreadsheet tests need
#   scripts/bootstrap.sh --tests    and what `make test` needs
#   scripts/bootstrap.sh --ci       and what .ci/run needs
#   scripts/bootstrap.sh --cross    only what scripts/cross.sh needs: compilers and libraries of other architectures
#   scripts/bootstrap.sh --check    only says what is missing, installs nothing (combines with the others)
#
# Silent when nothing is missing.  Looks for headers and programs, not for package names.
set -u

tests=0 ci=0 check=0 figures=0 web=0 office=0 cross=0
for argument in "$@"; do
    case $argument in
    --figures) figures=1 ;;
    --web) web=1 ;;
    --office) office=1 ;;
    --tests) tests=1 figures=1 ;;
    --ci) tests=1 figures=1 ci=1 ;;
    --cross) cross=1 ;;
    --check) check=1 ;;
    *) echo "usage: scripts/bootstrap.sh [--figures] [--web] [--office] [--tests] [--ci] [--cross] [--check]" >&2; exit 2 ;;
    esac
done

missing='' # package: purpose, one a line
newline='
'
need() { missing="$missing$1: $2$newline"; }
have() { command -v "$1" >/dev/null 2>&1; }

if have "${CC:-cc}"; then compiler=${CC:-cc}
elif have gcc; then compiler=gcc
elif have clang; then compiler=clang
else compiler=''; need gcc 'C compiler'; need libc6-dev 'C library headers'; fi
have make || need make 'builds everything'

# need_header HEADER PACKAGE PURPOSE, for the C compiler's own search path
probe=''
need_header() { probe="$probe#if !__has_include(<$1>)${newline}MISSING $2: $3${newline}#endif$newline"; }

need_header csv.h libcsv-dev 'reads CSV catalogs and tables'
need_header jansson.h libjansson-dev 'reads and writes JSON (manifests, model configurations)'
need_header xxhash.h libxxhash-dev 'hashes of outputs and catalogs'
need_header zlib.h zlib1g-dev 'writes .csv.gz'
need_header zstd.h libzstd-dev 'writes .csv.zst'
[ $tests = 0 ] || need_header isa-l.h libisal-dev 'writes .csv.gz several times faster (optional)'
[ $tests = 0 ] || need_header sqlite3.h libsqlite3-dev 'writes databases (optional)'
[ $tests = 0 ] || need_header criterion/criterion.h libcriterion-dev 'unit tests'
if [ $tests = 1 ]; then
    python=/usr/bin/python3
    $python -c 'import numpy' 2>/dev/null || need python3-numpy 'tests of the Python module'
    $python -c 'import pandas' 2>/dev/null || need python3-pandas 'tests of the Python module'
fi
if [ $web = 1 ]; then
    have node || need nodejs 'drives the browser'
    have npm || need npm 'fetches the driver of the browser'
    have chromium || have chromium-browser || have google-chrome || need chromium 'the browser'
fi
if [ $office = 1 ]; then
    have python3 || need python3 'compares tables'
    have soffice || need libreoffice-calc-nogui 'a spreadsheet without a window'
fi
[ $figures = 0 ] || have gnuplot || need gnuplot-nox 'draws figures'
if [ -n "$compiler" ]; then
    missing=$missing$(printf '%s' "$probe" | "$compiler" -E -P -x c - 2>/dev/null | sed -n 's/^MISSING //p')
else
    missing=$missing$(printf '%s' "$probe" | sed -n 's/^MISSING //p')
fi

if [ $ci = 1 ]; then
    [ -z "$missing" ] || missing=$missing$newline
    # The second compiler, its sanitizers and OpenMP, and the linters.
    have gcc || need gcc 'one of the two compilers'
    have clang || need clang 'one of the two compilers'
    have clang-tidy || need clang-tidy 'lint'
    have clang-format || need clang-format 'lint'
    have cppcheck || need cppcheck 'lint'
    have valgrind || need valgrind 'memory checks'
    have mandoc || need mandoc 'lints manual pages'
    have doxygen || need doxygen 'documents the library'
    have zsh || need zsh 'tries completion'
    have fish || need fish 'tries completion'
    have pkg-config || need pkg-config 'tests the installed edgesweep.pc'
    echo '#include <omp.h>' | clang -fopenmp -E -x c - >/dev/null 2>&1 || need libomp-dev 'OpenMP with clang'
    ls "$(clang -print-resource-dir 2>/dev/null)"/lib/linux/libclang_rt.tsan-*.a >/dev/null 2>&1 ||
        need libclang-rt-dev 'sanitizers with clang'
fi

missing=$(printf '%s' "$missing" | sed '/^$/d')
packages=$(printf '%s\n' "$missing" | sed 's/:.*//' | sort -u | tr '\n' ' ')
if [ $cross = 1 ]; then
    arm=/usr/lib/aarch64-linux-gnu
    have qemu-aarch64 && have riscv64-linux-gnu-gcc && have aarch64-linux-gnu-gcc && [ -e $arm/libjansson.a ] &&
        [ -e $arm/libcsv.a ] && exit 0
    missing='qemu-user, gcc-aarch64-linux-gnu, gcc-riscv64-linux-gnu: builds for other architectures'
    packages='qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross'
    for library in libcsv-dev libjansson-dev libsqlite3-dev libxxhash-dev libzstd-dev zlib1g-dev; do packages="$packages $library:arm64"; done
fi
[ -n "$missing" ] || exit 0

say_missing() { printf '%s\n' "$missing" | sed 's/\([^:]*\): \(.*\)/  \1  (\2)/' >&2; }

give_up() {
    echo "edgesweep: $1; these packages (Debian names) are missing:" >&2
    say_missing
    exit 1
}
[ $check = 0 ] || give_up 'run scripts/bootstrap.sh'
have apt-get || give_up 'no apt-get on this system'
as_root=''
if [ "$(id -u)" != 0 ]; then
    have sudo || give_up 'not root and no sudo'
    # Without a terminal nobody can type a password.
    if [ -t 0 ]; then as_root=sudo; else as_root='sudo -n'; fi
    $as_root true || give_up 'sudo was refused'
fi

echo 'edgesweep: installing with apt-get:' >&2
say_missing
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
wait_for_lock='-o DPkg::Lock::Timeout=300' # seconds; another apt-get may be at work
install_packages() {
    # shellcheck disable=SC2086  # lists, split on purpose
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get $wait_for_lock install -y --no-install-recommends $packages
}
# shellcheck disable=SC2086  # words
[ $cross = 0 ] || { $as_root dpkg --add-architecture arm64 && $as_root apt-get $wait_for_lock update; } >"$log" 2>&1
install_packages >"$log" 2>&1 </dev/null && exit 0
# Package lists may be absent or old.
# shellcheck disable=SC2086  # an option and its value
{ $as_root apt-get $wait_for_lock update && install_packages; } >"$log" 2>&1 </dev/null && exit 0
tail -n 20 "$log" >&2
echo "edgesweep: apt-get could not install: $packages" >&2
exit 1
