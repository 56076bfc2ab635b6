#!/bin/sh
# Writes what an installation shares besides the program, all printed by the program itself: manual pages, completions.
#
#   scripts/share_files.sh COMMAND DIRECTORY
set -eu
command=$1 share=$2

man=$share/man/man1
rm -rf "$share"
mkdir -p "$man" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
"$command" help --man >"$man/edgesweep.1"
for name in $(sed -n 's/^\.It Cm \([a-z]*\)$/\1/p' "$man/edgesweep.1"); do
    "$command" help --man "$name" >"$man/edgesweep-$name.1"
done
"$command" completion bash >"$share/bash-completion/completions/edgesweep"
"$command" completion zsh >"$share/zsh/site-functions/_edgesweep"
"$command" completion fish >"$share/fish/vendor_completions.d/edgesweep.fish"
