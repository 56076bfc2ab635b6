# How a metric changes with the context: one panel a device, one colour a model, one dash a cache format.
#
#   gnuplot -c scripts/gnuplot/context.gp IN.csv OUT.png [KEY=VALUE]...
#
#   x=context        a column; context is prompt + depth, what stands before the first generated token
#   y=decode_tok_s
#   by=device colour=model dash=kv_bits
#   scale=log        of both axes, or linear
#   only=A,B         panels in this order; default: the first six of the file
load ARG0[1:strlen(ARG0) - strlen("context.gp")]."common.gp"
csv = ARG1
out = ARG2
x_name = argument("x", "context")
y_name = argument("y", "decode_tok_s")
by = argument("by", "device")
hue = argument("colour", "model")
dash = argument("dash", "kv_bits")
panels = listed(argument("only", ""))
chosen = words(panels)

hues = ""
dashes = ""
low = 1e300
high = 0
x_value(i) = x_name eq "context" ? column("prompt") + column("depth") : column(x_name)
stats csv using (panels = chosen ? panels : with_name(panels, strcol(by)), place(panels, strcol(by)) \
    ? (hues = with_name(hues, strcol(hue)), dashes = with_name(dashes, strcol(dash)), \
       low = column(y_name) < low ? column(y_name) : low, high = column(y_name) > high ? column(y_name) : high, 1) : 1) nooutput
n = chosen ? chosen : words(panels) < 6 ? words(panels) : 6
rows = (n + 2) / 3
columns = n < 3 ? n : 3

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 1000, 120 + 310 * rows)
    set output out
    set multiplot layout rows, columns margins 0.07, 0.985, 0.21 / rows + 0.02, 1 - 0.09 / rows spacing 0.045, 0.22 / rows
}
if (argument("scale", "log") eq "log") {
    set logscale xy
    set format x "%.0s%c"
    set yrange [low * 0.8:high * 1.25]
} else { set yrange [0:high * 1.1] }
set xlabel x_name eq "context" ? "context [tokens]" : label(x_name)
unset key
do for [p = 1:n] {
    set title word(panels, p) font ",11"
    if ((p - 1) % columns == 0) { set ylabel label(y_name) } else { unset ylabel }
    plot for [h = 1:words(hues)] for [d = 1:words(dashes)] csv using (strcol(by) eq word(panels, p) && \
        strcol(hue) eq word(hues, h) && strcol(dash) eq word(dashes, d) ? x_value(0) : NaN):(column(y_name)) \
        smooth unique with lines linewidth 2 dashtype d linecolor rgb colour(h)
}
if (is_table(out)) { unset table; exit }
unset title
unset border
unset tics
unset logscale
unset xlabel
unset ylabel
set xrange [0:1]
set yrange [0:1]
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
set key at screen 0.5, 0.07 / rows center center horizontal font ",9" maxrows 2 samplen 2.5
plot for [h = 1:words(hues)] NaN with lines linewidth 3 linecolor rgb colour(h) title word(hues, h), \
    for [d = 1:words(dashes)] NaN with lines linewidth 2 dashtype d linecolor rgb "black" title dash." ".word(dashes, d)
unset multiplot
