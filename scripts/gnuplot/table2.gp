# Table II of arXiv 2506.09061 (file size, memory, speed against 16 bits) beside what a sweep of the same models gives.
#
#   gnuplot -c scripts/gnuplot/table2.gp IN.csv OUT.png [KEY=VALUE]...
#
#   published=FILE.csv   model, precision, file_gb, memory_gb, speed; default: table2.csv beside this script
#   device=NAME          whose speed-ups; default: the first device of IN
#   base=F16             the precision that speeds are compared with
#   ours=weight_bytes,peak_memory_bytes,decode_tok_s
here = ARG0[1:strlen(ARG0) - strlen("table2.gp")]
load here."common.gp"
csv = ARG1
out = ARG2
published = argument("published", here."table2.csv")
base = argument("base", "F16")
ours = listed(argument("ours", "weight_bytes,peak_memory_bytes,decode_tok_s"))

models = ""
precisions = ""
devices = ""
stats published using (models = with_name(models, strcol("model")), \
    precisions = with_name(precisions, strcol("precision")), 1) nooutput
stats csv using (devices = with_name(devices, strcol("device")), 1) nooutput
device = argument("device", word(devices, 1))

array speed_of_base[words(models)]
do for [i = 1:words(models)] { speed_of_base[i] = NaN }
stats csv using (strcol("device") eq device && strcol("precision") eq base && place(models, strcol("model")) \
    ? (speed_of_base[place(models, strcol("model"))] = column(word(ours, 3)), 1) : 1) nooutput

pitch = words(precisions) + 1
x_of(model, precision) = place(models, model) && place(precisions, precision) \
    ? (place(models, model) - 1) * pitch + place(precisions, precision) : NaN
measure(i) = i < 3 ? column(word(ours, i)) / 1e9 : column(word(ours, 3)) / speed_of_base[place(models, strcol("model"))]
selected(h) = strcol("device") eq device && strcol("precision") eq word(precisions, h) \
    ? x_of(strcol("model"), strcol("precision")) : NaN

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 1200, 480)
    set output out
    set multiplot
}
set boxwidth 0.86
set style fill solid 1 noborder
set grid noxtics ytics back
set xtics scale 0 ()
do for [i = 1:words(models)] { set xtics add (wrapped_at(word(models, i), "-") ((i - 1) * pitch + pitch / 2.)) }
set xrange [0.2:words(models) * pitch - 0.2]
set yrange [0:*]
set xtics font ",8"
unset key
do for [i = 1:3] {
    set lmargin at screen 0.045 + 0.325 * (i - 1)
    set rmargin at screen 0.045 + 0.325 * (i - 1) + 0.285
    set tmargin at screen 0.80
    set bmargin at screen 0.20
    set title word("\"file [GB]\" \"memory [GB]\" \"speed against ".base." [times]\"", i) font ",11"
    plot for [h = 1:words(precisions)] csv using (selected(h)):(measure(i)) with boxes linecolor rgb colour(h), \
        published using (x_of(strcol("model"), strcol("precision"))):(column(word("file_gb memory_gb speed", i))) \
            with points pointtype 13 pointsize 1.1 linecolor rgb "black"
}
if (is_table(out)) { unset table; exit }

unset title
unset border
unset tics
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
set xrange [0:1]
set yrange [0:1]
set key at screen 0.5, 0.975 center top horizontal font ",11" maxrows 1
set label 1 "Bars: edgesweep, ".device.".  Diamonds: table II (memory there is that of the whole process)" \
    at screen 0.5, 0.04 center font ",10" textcolor rgb "#444444"
plot for [h = 1:words(precisions)] NaN with boxes linecolor rgb colour(h) title word(precisions, h), \
    NaN with points pointtype 13 pointsize 1.1 linecolor rgb "black" title "published"
unset multiplot
