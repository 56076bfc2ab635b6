# Which model fits where: memory by model and precision against the RAM of devices.
#
#   gnuplot -c scripts/gnuplot/memory.gp IN.csv OUT.png [KEY=VALUE]...
#
#   x=model y=peak_memory_bytes colour=precision
#   by=device        the device column; of each size of memory the first device is named
#   free=available_bytes      column of IN: what programs can have; without it no limits are drawn
load ARG0[1:strlen(ARG0) - strlen("memory.gp")]."common.gp"
csv = ARG1
out = ARG2
x_name = argument("x", "model")
y_name = argument("y", "peak_memory_bytes")
hue = argument("colour", "precision")
by = argument("by", "device")
free = argument("free", "available_bytes")

models = ""
hues = ""
limits = ""
names = ""
limit_text(i) = sprintf("%.3f", scaled(free))
stats csv using (models = with_name(models, strcol(x_name)), hues = with_name(hues, strcol(hue)), \
    column(free) > 0 && !place(limits, limit_text(0)) \
        ? (limits = with_name(limits, limit_text(0)), names = names." ".quoted(strcol(by)), 1) : 1) nooutput

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 1200, 620)
    set output out
}
set lmargin 9
set rmargin 2
set tmargin 4
set xtics scale 0 ()
set xtics rotate by -35 left font ",9"
do for [i = 1:words(models)] { set xtics add (word(models, i) i) }
set xrange [0.4:words(models) + (words(limits) ? 2.4 : 0.6)]
set logscale y
set grid xtics
set ylabel label(y_name)
set key at graph 0.5, 1.09 center center horizontal maxrows 1 width 2 font ",10"
set autoscale noextend
set offsets 0, 0, graph 0.06, graph 0.06
do for [i = 1:words(limits)] {
    set arrow i from graph 0, first real(word(limits, i)) to graph 1, first real(word(limits, i)) nohead \
        dashtype 2 linewidth 1.2 linecolor rgb "#555555"
    set label i sprintf("%s: %.3g GB free", word(names, i), real(word(limits, i))) at graph 0.995, first real(word(limits, i)) right offset 0, 0.5 font ",9" \
        textcolor rgb "#333333"
}
shift(h) = 0.11 * (h - (words(hues) + 1) / 2.)
plot for [h = 1:words(hues)] csv using (strcol(hue) eq word(hues, h) ? place(models, strcol(x_name)) + shift(h) : NaN): \
    (scaled(y_name)) with points pointtype symbol(h) pointsize 1.2 linecolor rgb colour(h) title word(hues, h)
if (is_table(out)) { unset table }
