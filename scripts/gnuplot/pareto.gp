# Two objectives against each other: one panel a device, one colour a precision.  Made for fronts, takes any table.
#
#   gnuplot -c scripts/gnuplot/pareto.gp IN.csv OUT.png [KEY=VALUE]...
#
#   x=tpot_s y=energy_j_per_token
#   by=device colour=precision
#   All panels have the same axes, so that devices compare.
#   size=quality     larger points for larger values; none for one size
#   front=FILE.csv   its points are joined by a staircase (`edgesweep pareto IN.csv --min X,Y --by DEVICE`)
#   only=A,B         panels in this order; default: nine, spread over the file
load ARG0[1:strlen(ARG0) - strlen("pareto.gp")]."common.gp"
csv = ARG1
out = ARG2
x_name = argument("x", "tpot_s")
y_name = argument("y", "energy_j_per_token")
by = argument("by", "device")
hue = argument("colour", "precision")
size = argument("size", "quality")
front = argument("front", "")
panels = listed(argument("only", ""))
chosen = words(panels)

hues = ""
low = x_low = y_low = 1e300
high = x_high = y_high = -1e300
lower(a, b) = b < a ? b : a
higher(a, b) = b > a ? b : a
size_value(i) = size eq "none" || size eq "" ? 0 : column(size)
stats csv using (panels = chosen ? panels : with_name(panels, strcol(by)), place(panels, strcol(by)) \
    ? (hues = with_name(hues, strcol(hue)), low = lower(low, size_value(0)), high = higher(high, size_value(0)), 1) : 1) \
    nooutput
n = chosen ? chosen : words(panels) < 9 ? words(panels) : 9
panel(p) = word(panels, n < 2 ? 1 : 1 + (p - 1) * (words(panels) - 1) / (n - 1))
columns = n < 3 ? n : n == 4 ? 2 : 3
rows = (n + columns - 1) / columns
shown = ""
do for [p = 1:n] { shown = shown." ".quoted(panel(p)) }
stats csv using (place(shown, strcol(by)) ? (x_low = lower(x_low, scaled(x_name)), x_high = higher(x_high, scaled(x_name)), \
    y_low = lower(y_low, scaled(y_name)), y_high = higher(y_high, scaled(y_name)), 1) : 1) nooutput
# Missing sizes get the middle one.
point_size(i) = !(high > low) ? 0.9 : !(size_value(0) >= low) ? 0.9 : 0.5 + 1.3 * (size_value(0) - low) / (high - low)

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 1100, 130 + 270 * rows)
    set output out
    pixel = 1. / (130 + 270 * rows)
    set multiplot layout rows, columns margins 0.065, 0.985, 105 * pixel, 1 - 35 * pixel spacing 0.05, 75 * pixel
}
set logscale xy
eval log_tics("x")
eval log_tics("y")
set xrange [x_low / 1.2:x_high * 1.2]
set yrange [y_low / 1.3:y_high * 1.3]
unset key
do for [p = 1:n] {
    set title panel(p) font ",11"
    if (p > n - columns) { set xlabel label(x_name) } else { unset xlabel }
    if ((p - 1) % columns == 0) { set ylabel label(y_name) } else { unset ylabel }
    within(i) = strcol(by) eq panel(p)
    if (strlen(front)) {
        plot front using (within(0) ? scaled(x_name) : NaN):(scaled(y_name)) smooth unique with steps linewidth 1.5 \
                linecolor rgb "#888888", \
            for [h = 1:words(hues)] csv using (within(0) && strcol(hue) eq word(hues, h) ? scaled(x_name) : NaN): \
                (scaled(y_name)):(point_size(0)) with points pointtype symbol(h) pointsize variable linecolor rgb colour(h)
    } else {
        plot for [h = 1:words(hues)] csv using (within(0) && strcol(hue) eq word(hues, h) ? scaled(x_name) : NaN): \
            (scaled(y_name)):(point_size(0)) with points pointtype symbol(h) pointsize variable linecolor rgb colour(h)
    }
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
set key at screen 0.5, 42 * pixel center center horizontal font ",10" maxrows 1 width 2
if (high > low) { set label 1 sprintf("Larger points: %s, %.4g to %.4g", label(size), low, high) \
    at screen 0.5, 16 * pixel center font ",9" textcolor rgb "#444444" }
plot for [h = 1:words(hues)] NaN with points pointtype symbol(h) linecolor rgb colour(h) title word(hues, h)
unset multiplot
