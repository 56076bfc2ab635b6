# The six panels of figure 3 of arXiv 2506.09061: latencies and energy by device and precision.
#
#   gnuplot -c scripts/gnuplot/figure3.gp IN.csv OUT.png [KEY=VALUE]...
#
#   panels=memory_ms,io_ms,h2d_ms,net_ms,end_to_end_ms,energy_j     six columns
#   by=device        groups on the x axis
#   colour=precision bars in a group
#   of=model         the bars show one value of this column, the diamonds another
#   bars= diamonds=  which ones; default: the first and the last of the file
load ARG0[1:strlen(ARG0) - strlen("figure3.gp")]."common.gp"
csv = ARG1
out = ARG2
panels = listed(argument("panels", "memory_ms,io_ms,h2d_ms,net_ms,end_to_end_ms,energy_j"))
by = argument("by", "device")
hue = argument("colour", "precision")
of = argument("of", "model")

groups = ""
hues = ""
models = ""
stats csv using (groups = with_name(groups, strcol(by)), hues = with_name(hues, strcol(hue)), \
    models = with_name(models, strcol(of)), 1) nooutput
bars = argument("bars", word(models, 1))
diamonds = argument("diamonds", word(models, words(models)))

# Bars of group g are at g*pitch + 1, +2 ...; several rows for one bar (contexts, say) draw over each other.
pitch = words(hues) + 1
x_of(group, name) = (place(groups, group) - 1) * pitch + place(hues, name)
# Stages in s like the paper where they are long.
highest = 0
scale(column) = is_table(out) || !strstrt(column, "_ms") || highest < 1000 ? 1. : 1000.
title_of(column) = (text_ = label(column), scale(column) == 1 ? text_ : text_[1:strlen(text_) - 4]."[s]")

if (is_table(out)) {
    set table out
    set format "%.17g"
} else {
    eval terminal(out, 1200, 720)
    set output out
    set multiplot
}
set boxwidth 0.86
set style fill solid 1 noborder
set grid noxtics ytics back
set xtics scale 0
set xtics ()
do for [i = 1:words(groups)] {
    set xtics add (wrapped(without_prefix(groups, i)) ((i - 1) * pitch + (pitch) / 2.))
}
unset key
do for [i = 1:6] {
    column_ = word(panels, i)
    unset xrange
    unset yrange
    highest = 0
    stats csv using (highest = column(column_) > highest ? column(column_) : highest) nooutput
    unit = scale(column_)
    row = (i - 1) / 3
    set lmargin at screen 0.055 + 0.325 * ((i - 1) % 3)
    set rmargin at screen 0.055 + 0.325 * ((i - 1) % 3) + 0.275
    set tmargin at screen 0.86 - 0.43 * row
    set bmargin at screen 0.56 - 0.43 * row
    set xrange [0.2:words(groups) * pitch - 0.2]
    set yrange [0:highest / unit * 1.08]
    set title sprintf("(%s) %s", "abcdef"[i:i], title_of(column_)) font ",11" offset 0, -0.3
    plot for [h = 1:words(hues)] csv using \
            (strcol(of) eq bars && strcol(hue) eq word(hues, h) ? x_of(strcol(by), strcol(hue)) : NaN): \
            (column(column_) / unit) with boxes linecolor rgb colour(h), \
        csv using (strcol(of) eq diamonds && diamonds ne bars ? x_of(strcol(by), strcol(hue)) : NaN): \
            (column(column_) / unit) with points pointtype 13 pointsize 0.9 linecolor rgb "black"
}
if (is_table(out)) { unset table; exit }

# Legend of all panels
unset title
unset border
unset tics
unset grid
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
set xrange [0:1]
set yrange [0:1]
set key at screen 0.5, 0.985 center top horizontal width 2 font ",11" maxrows 1
set label 1 sprintf("Bars: %s%s", bars, diamonds ne bars ? "; diamonds: ".diamonds : "") \
    at screen 0.5, 0.035 center font ",10" textcolor rgb "#444444"
plot for [h = 1:words(hues)] NaN with boxes linecolor rgb colour(h) title word(hues, h)
unset multiplot
