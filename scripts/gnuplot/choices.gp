# What there is to choose from: quality against speed or memory, one panel a device, the best choices labelled by model.
#
#   gnuplot -c scripts/gnuplot/choices.gp IN.csv OUT.png front=FILE.csv [KEY=VALUE]...
#
#   x=decode_tok_s y=quality
#   better=high      which x is better; low for memory, times, costs
#   by=device colour=precision label=model
#   front=FILE.csv   the best choices (`edgesweep pareto IN.csv --max X,Y --by DEVICE`), coloured, joined and labelled
#   only=A,B         panels in this order; default: four, spread over the file
load ARG0[1:strlen(ARG0) - strlen("choices.gp")]."common.gp"
csv = ARG1
out = ARG2
x_name = argument("x", "decode_tok_s")
y_name = argument("y", "quality")
better = argument("better", "high")
by = argument("by", "device")
hue = argument("colour", "precision")
name = argument("label", "model")
front = argument("front", csv)
panels = listed(argument("only", ""))
chosen = words(panels)

hues = ""
x_low = y_low = 1e300
x_high = y_high = -1e300
lower(a, b) = b < a ? b : a
higher(a, b) = b > a ? b : a
stats front using (panels = chosen ? panels : with_name(panels, strcol(by)), hues = with_name(hues, strcol(hue)), 1) nooutput
n = chosen ? chosen : words(panels) < 4 ? words(panels) : 4
panel(p) = word(panels, n < 2 ? 1 : 1 + (p - 1) * (words(panels) - 1) / (n - 1))
columns = n < 3 ? n : n == 4 ? 2 : 3
rows = (n + columns - 1) / columns
shown = ""
do for [p = 1:n] { shown = shown." ".quoted(panel(p)) }
stats front using (place(shown, strcol(by)) ? (x_low = lower(x_low, scaled(x_name)), x_high = higher(x_high, scaled(x_name)), \
    y_low = lower(y_low, scaled(y_name)), y_high = higher(y_high, scaled(y_name)), 1) : 1) nooutput
# Each model is named once a panel, where the file has it first, and near others only where there is room: log units, points.
near(x, y) = (near_ = 0, sum [i = 1:words(spots) / 2] (abs(log10(x) - real(word(spots, 2 * i - 1))) < 0.3 && \
    abs(y - real(word(spots, 2 * i))) < 0.035 * (y_high - y_low) ? (near_ = 1, 0) : 0), near_)
put(x, y) = (spots = spots.sprintf("%.9g %.9g ", log10(x), y), 1)
named(x, y) = place(seen, strcol(name)) || near(x, y) ? "" : (seen = with_name(seen, strcol(name)), put(x, y), strcol(name))

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 1200, 90 + 380 * rows)
    set output out
    pixel = 1. / (90 + 380 * rows)
    set multiplot layout rows, columns margins 0.055, 0.985, 90 * pixel, 1 - 35 * pixel spacing 0.045, 75 * pixel
}
set logscale x
eval log_tics("x")
set xrange [x_low / 1.15:x_high * (better eq "high" ? 2.2 : 1.9)]
set yrange [y_low - 0.04 * (y_high - y_low):y_high + 0.07 * (y_high - y_low)]
unset key
joined = better eq "high" ? "fsteps" : "steps"
do for [p = 1:n] {
    set title panel(p) font ",11"
    if (p > n - columns) { set xlabel label(x_name) } else { unset xlabel }
    if ((p - 1) % columns == 0) { set ylabel label(y_name) } else { unset ylabel }
    within(i) = strcol(by) eq panel(p)
    seen = ""
    spots = ""
    plot csv using (within(0) ? scaled(x_name) : NaN):(scaled(y_name)) with points pointtype 7 pointsize 0.25 linecolor rgb "#C8C8C8", \
        front using (within(0) ? scaled(x_name) : NaN):(scaled(y_name)) smooth unique with @joined linewidth 1.2 \
            linecolor rgb "#888888", \
        for [h = 1:words(hues)] front using (within(0) && strcol(hue) eq word(hues, h) ? scaled(x_name) : NaN): \
            (scaled(y_name)) with points pointtype symbol(h) pointsize 1.1 linecolor rgb colour(h), \
        front using (within(0) ? scaled(x_name) : NaN):(scaled(y_name)):(within(0) ? named(scaled(x_name), scaled(y_name)) : "") \
            with labels left offset 0.8, (better eq "high" ? 0.45 : -0.5) font ",8" textcolor rgb "#222222"
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
set key at screen 0.5, 25 * pixel center center horizontal font ",10" maxrows 1 width 1
plot for [h = 1:words(hues)] NaN with points pointtype symbol(h) linecolor rgb colour(h) title word(hues, h)
unset multiplot
