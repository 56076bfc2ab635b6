# Roofline diagram of the decode step: what devices could do at an intensity, and where models are.
#
#   gnuplot -c scripts/gnuplot/roofline.gp IN.csv OUT.png [KEY=VALUE]...
#
#   by=device shape=model
#   bandwidth=device.mem_bw_gbs peak=device.peak_gflops_fp32     columns of IN, GB/s and GFLOP/s
#   second=device.peak_gops_int8   another peak, drawn with dashes where it is higher; default: none
#   intensity=arithmetic_intensity flops=decode_flops rate=decode_tok_s     FLOP/B, FLOP per token, tokens/s
load ARG0[1:strlen(ARG0) - strlen("roofline.gp")]."common.gp"
csv = ARG1
out = ARG2
by = argument("by", "device")
shape = argument("shape", "model")
bandwidth = argument("bandwidth", "device.mem_bw_gbs")
peak = argument("peak", "device.peak_gflops_fp32")
second = argument("second", "")
intensity = argument("intensity", "arithmetic_intensity")
flops = argument("flops", "decode_flops")
rate = argument("rate", "decode_tok_s")

devices = ""
shapes = ""
stats csv using (devices = with_name(devices, strcol(by)), shapes = with_name(shapes, strcol(shape)), 1) nooutput
array slope[words(devices)]
array roof[words(devices)]
array upper[words(devices)]
stats csv using (at_device = place(devices, strcol(by)), slope[at_device] = column(bandwidth), \
    roof[at_device] = column(peak), upper[at_device] = strlen(second) ? column(second) : NaN, 1) nooutput

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 1000, 640)
    set output out
}
set logscale xy
set lmargin 10
set rmargin 3
set xlabel "arithmetic intensity [FLOP/B]"
set ylabel "performance [GFLOP/s]"
if (strlen(second)) { set title sprintf("solid roofs: %s, dashed: %s", label(peak), label(second)) font ",10" }
set samples 600
set xrange [0.5:2000]
set autoscale y noextend
set offsets 0, 0, graph 0.06, graph 0.03
set bmargin 6
set key at screen 0.5, 0.03 center center horizontal font ",10" maxrows 1 width 2
lowest(a, b) = a < b ? a : b
do for [i = 1:words(devices)] {
    set label i word(devices, i) at 1900, roof[i] right offset 0, 0.6 font ",10" textcolor rgb colour(i)
}
plot for [i = 1:words(devices)] upper[i] > roof[i] && slope[i] * x > roof[i] ? lowest(slope[i] * x, upper[i]) : NaN \
        with lines linewidth 1.5 dashtype 2 linecolor rgb colour(i) notitle, \
    for [i = 1:words(devices)] lowest(slope[i] * x, roof[i]) with lines linewidth 2 linecolor rgb colour(i) notitle, \
    for [h = 1:words(shapes)] for [i = 1:words(devices)] csv using \
        (strcol(by) eq word(devices, i) && strcol(shape) eq word(shapes, h) ? column(intensity) : NaN): \
        (column(flops) * column(rate) / 1e9) with points pointtype symbol(h) pointsize 1.1 linecolor rgb colour(i) notitle, \
    for [h = 1:words(shapes)] NaN with points pointtype symbol(h) linecolor rgb "#555555" title word(shapes, h)
if (is_table(out)) { unset table }
