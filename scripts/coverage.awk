# From `gcov -b -c --stdout`: lines and branches per file of src/, those with the most branches left first, then the sum.
# A line or branch counts as run when any copy of it ran: headers and *.simd.c are compiled several times.
#
#   count:line:text, where line 0 names the source; "-" no code, "#####" and "=====" never run
#   branch  0 taken 5 (fallthrough)
#   branch  1 never executed
/^ *-: *0:Source:/ { sub(/.*Source:/, ""); file = $0; next }
file !~ /^src\// { next }
/^branch / {
    key = file SUBSEP line SUBSEP $2
    if (!(key in branch)) { branch[key]; branches[file]++ }
    if ($3 == "taken" && $4 > 0 && !(key in taken)) { taken[key]; branches_taken[file]++ }
    next
}
/^ *[0-9#=*-]+: *[0-9]+:/ {
    split($0, part, ":")
    line = part[2] + 0
    count = part[1]
    gsub(/[ *]/, "", count)
    if (line == 0 || count == "-") next
    key = file SUBSEP line
    if (!(key in seen)) { seen[key]; lines[file]++ }
    if (count !~ /^[#=]/ && !(key in ran)) { ran[key]; lines_run[file]++ }
}
function percent(part, whole) { return whole ? 100 * part / whole : 100 }
END {
    sorted = "sort -rn | cut -f 2"
    for (file in lines) {
        printf "%d\t%6.1f %% of %4d lines %6.1f %% of %4d branches  %s\n", branches[file] - branches_taken[file],
            percent(lines_run[file], lines[file]), lines[file],
            percent(branches_taken[file], branches[file]), branches[file], file | sorted
        all += lines[file]; all_run += lines_run[file]
        every += branches[file]; every_taken += branches_taken[file]
    }
    close(sorted)
    if (!all) { print "coverage: no data"; exit 1 }
    printf "%6.1f %% of %d lines, %.1f %% of %d branches  src/\n", percent(all_run, all), all, percent(every_taken, every), every
    exit percent(all_run, all) < minimum_lines || percent(every_taken, every) < minimum_branches
}
