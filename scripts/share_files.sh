#!/bin/sh
# Writes what an installation shares besides the program, all printed by the program itself: manual pages, completions.
#
#   scripts/share_files.sh COMMAND DIRECTORY
set -eu
command=$1 share=$2

rm -rf "$share"
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
"$command" help --man >"$share/man/man1/edgesweep.1"
# The pages that it refers to: those of the commands in section 1, topics in others.
sed -n 's/^\.Xr edgesweep-\([a-z]*\) \([0-9]\).*/\1 \2/p' "$share/man/man1/edgesweep.1" | while read -r name section; do
    mkdir -p "$share/man/man$section"
    "$command" help --man "$name" >"$share/man/man$section/edgesweep-$name.$section"
done
"$command" completion bash >"$share/bash-completion/completions/edgesweep"
"$command" completion zsh >"$share/zsh/site-functions/_edgesweep"
"$command" completion fish >"$share/fish/vendor_completions.d/edgesweep.fish"
