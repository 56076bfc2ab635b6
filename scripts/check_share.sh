#!/bin/sh
# Manual pages and completions as other programs read them: mandoc's lint, bash, zsh and fish completing for real.
#
#   scripts/check_share.sh COMMAND     what is not installed is skipped with a word
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" && ln -s "$(realpath "$1")" "$work/bin/edgesweep"
export PATH="$work/bin:$PATH" LC_ALL=C.UTF-8
passed=0 failed=0
"$(dirname "$0")/share_files.sh" edgesweep "$work/share" || exit 1

have() { command -v "$1" >/dev/null 2>&1 || { echo "check_share.sh: skipped without $1"; return 1; }; }
# expect NAME WORD OUTPUT: the output must hold the word
expect() {
    case $3 in
    *"$2"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)); echo "FAIL $1: no '$2' in: $3" ;;
    esac
}

if have mandoc; then
    for page in "$work"/share/man/man*/*; do
        expect "$page" '<>' "<$(mandoc -Tlint -Wwarning "$page" 2>&1)>"
    done
fi

bash_completes() { # words typed so far
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _edgesweep; echo "${COMPREPLY[*]}"' \
        "$work/share/bash-completion/completions/edgesweep" "$@" 2>&1
}
expect bash --progress "$(bash_completes edgesweep run --pro)"
expect bash clusters "$(bash_completes edgesweep help cl)"

fish_completes() { HOME=$work fish -c "source $work/share/fish/vendor_completions.d/edgesweep.fish; complete -C '$1'" 2>&1; }
if have fish; then
    expect fish --progress "$(fish_completes 'edgesweep run --pro')"
    expect fish always "$(fish_completes 'edgesweep run --color a')"
    expect fish 'EP Raspberry Pi 5' "$(fish_completes 'edgesweep show device EP\\ Rasp')"
    expect fish clusters "$(fish_completes 'edgesweep help cl')"
fi

# A zsh of its own types the words and a tab; what it shows is read after a while.
zsh_completes() {
    HOME=$work zsh -f -c '
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; echo rea\"\"dy"
        shown=
        until [[ $shown == *ready* ]]; do zpty -r z line || break; shown+=$line; done
        zpty -w -n z "$2"$'"'\\t'"'
        for try in {1..50}; do
            sleep 0.1
            while zpty -r -t z line; do shown+=$line; done
            [[ ${shown##*ready} == *$3* ]] && break
        done
        print -r -- "${shown##*ready}"' zsh "$work/share/zsh/site-functions" "$1" "$2" 2>&1 | tr -d '\r'
}
if have zsh; then
    expect zsh progress "$(zsh_completes 'edgesweep run --pro' progress)"
    expect zsh models "$(zsh_completes 'edgesweep list m' models)"
    expect zsh 'Raspberry\ Pi' "$(zsh_completes 'edgesweep show device Rasp' 'Raspberry\ Pi')"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
