# What a metric of a point depends on: its elasticities as bars, the largest on top.
#
#   edgesweep sensitivity FILE.sweep --point ... --of METRIC -o IN.csv
#   gnuplot -c scripts/gnuplot/tornado.gp IN.csv OUT.png [KEY=VALUE]...
#
#   of=METRIC        default: the first of the file
#   top=12           bars
# Where the two bars of an input differ another limit takes over.
load ARG0[1:strlen(ARG0) - strlen("tornado.gp")]."common.gp"
csv = ARG1
out = ARG2
metric = argument("of", "")
top = int(argument("top", "12"))
names = ""
n = 0
stats csv using (metric = strlen(metric) ? metric : strcol("of"), 1) nooutput
size(i) = (down_ = abs(column("down")), up_ = abs(column("up")), both_ = abs(column("elasticity")), \
    higher(higher(down_ >= 0 ? down_ : 0, up_ >= 0 ? up_ : 0), both_ >= 0 ? both_ : 0))
higher(a, b) = b > a ? b : a
kept(i) = strcol("of") eq metric && size(0) >= 5e-4
stats csv using (kept(0) && n < top ? (n = n + 1, names = names." ".quoted(strcol("input")), 1) : 1) nooutput
at(i) = n + 1 - place(names, strcol("input"))
shown(i) = kept(0) && place(names, strcol("input"))
known(a, b) = a == a ? a : b

if (is_table(out)) { set table out; set format "%.17g" } else {
    eval terminal(out, 900, 110 + 30 * n)
    set output out
}
set lmargin 26
set rmargin 4
set yrange [0.4:n + 0.6]
set ytics scale 0 ()
do for [i = 1:n] { set ytics add (word(names, i) n + 1 - i) }
unset grid
set grid xtics
set xlabel "change of ".metric.", in % per 1% of the input"
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead linewidth 1 linecolor rgb grey front
set key outside top center horizontal samplen 1 font ",9"
set style fill solid 1 noborder
plot csv using (0):(shown(0) ? at(0) : NaN):(0):(known(column("down"), column("elasticity"))):(at(0)):(at(0) + 0.36) \
        with boxxyerror linecolor rgb colour(1) title "a smaller input", \
    csv using (0):(shown(0) ? at(0) : NaN):(0):(known(column("up"), column("elasticity"))):(at(0) - 0.36):(at(0)) \
        with boxxyerror linecolor rgb colour(5) title "a larger one"
if (is_table(out)) { unset table }
