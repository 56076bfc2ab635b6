# What all figures share: arguments, terminal, colours, labels.  Loaded by the other scripts, for gnuplot 5.4 and later.
#
#   gnuplot -c scripts/gnuplot/NAME.gp IN.csv OUT.png [KEY=VALUE]...
#
# OUT ends in .png, .svg or .pdf; any other suffix gets the numbers that would be plotted, as text (`set table`).

# argument("x", "tpot_s"): the value of x=... on the command line
argument(key, fallback) = (argument_ = fallback, sum [i = 3:ARGC] (ARGV[i][1:strlen(key) + 1] eq key."=" \
    ? (argument_ = ARGV[i][strlen(key) + 2:*], 0) : 0), argument_)

# Lists of names are strings of quoted words, in the order of the file.
quoted(s) = '"'.s.'"'
with_name(list, s) = strlen(s) == 0 || strstrt(list, quoted(s)) ? list : list." ".quoted(s)
place(list, s) = (place_ = 0, sum [i = 1:words(list)] (word(list, i) eq s ? (place_ = i, 0) : 0), place_)
# The names of a list given as an argument: a,b c,d
listed(text) = (strlen(text) == 0 ? "" : (at_ = strstrt(text, ","), at_ == 0 ? quoted(text) : \
    quoted(text[1:at_ - 1])." ".listed(text[at_ + 1:*])))

set datafile separator comma
set datafile columnheaders
set datafile missing NaN
set encoding utf8

# Okabe and Ito's colours without yellow and black, which are too light and too heavy for points; then greys.
array colours[9] = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#999999", "#B8A200"]
array symbols[9] = [7, 5, 9, 13, 11, 15, 6, 4, 8]
colour(i) = colours[(i - 1) % 9 + 1]
colour_value(i) = int("0x".colour(i)[2:*])
symbol(i) = symbols[(i - 1) % 9 + 1]

suffix(name) = (at_ = 0, sum [i = 1:strlen(name)] (name[i:i] eq "." ? (at_ = i, 0) : 0), name[at_ + 1:*])
is_table(out) = strstrt(" png svg pdf ", " ".suffix(out)." ") == 0

# The command that chooses the terminal by the suffix of OUT; the size is in pixels.
terminal(out, width, height) = \
    suffix(out) eq "svg" ? sprintf("set terminal svg size %d, %d font 'Sans,11' noenhanced background 'white'", width, height) : \
    suffix(out) eq "pdf" ? sprintf("set terminal pdfcairo size %g, %g font 'Sans,10' noenhanced", width / 100., height / 100.) : \
    sprintf("set terminal pngcairo size %d, %d font 'Sans,10' noenhanced", width, height)

# Two lines for a long name, broken at the blank nearest to its middle.
middle(s, c) = (at_ = 0, sum [i = 1:strlen(s)] (s[i:i] eq c && \
    (at_ == 0 || abs(2 * i - strlen(s)) < abs(2 * at_ - strlen(s))) ? (at_ = i, 0) : 0), at_)
wrapped(s) = strlen(s) < 11 || middle(s, " ") == 0 ? s : s[1:middle(s, " ") - 1]."\n".s[middle(s, " ") + 1:*]
# The same for names joined by `c`, which stays at the end of the first line.
wrapped_at(s, c) = strlen(s) < 9 || middle(s, c) == 0 ? s : s[1:middle(s, c)]."\n".s[middle(s, c) + 1:*]
# Name i of a list without the first word that all of them share.
first_word(s) = (at_ = strstrt(s, " "), at_ == 0 ? "" : s[1:at_])
shared_prefix(list) = (prefix_ = first_word(word(list, 1)), sum [i = 2:words(list)] \
    (first_word(word(list, i)) ne prefix_ ? (prefix_ = "", 0) : 0), words(list) < 2 ? "" : prefix_)
without_prefix(list, i) = word(list, i)[strlen(shared_prefix(list)) + 1:*]

# The command for tics at 1, 2 and 5 of each decade: eval log_tics("x").
log_tics(axis) = (text_ = "", sum [e_ = -6:8] (text_ = text_.sprintf("'%g' %g, '%g' %g, '%g' %g, ", \
    10.**e_, 10.**e_, 2 * 10.**e_, 2 * 10.**e_, 5 * 10.**e_, 5 * 10.**e_), 0), "set ".axis."tics (".text_."'1e+09' 1e9)")

# Columns in bytes are drawn in GB.
is_bytes(column) = strlen(column) > 6 && column[strlen(column) - 5:*] eq "_bytes"
scaled(name) = column(name) / (is_bytes(name) ? 1e9 : 1)
# Words for the columns that are plotted most; a column without an entry is its own label.
label(column) = \
    column eq "tpot_s" ? "time per token [s]" : column eq "ttft_s" ? "time to the first token [s]" : \
    column eq "decode_tok_s" ? "generation [tokens/s]" : column eq "prefill_tok_s" ? "prefill [tokens/s]" : \
    column eq "energy_j_per_token" ? "energy per token [J]" : column eq "energy_j" ? "energy per token [J]" : \
    column eq "end_to_end_ms" ? "end to end per token [ms]" : column eq "peak_memory_bytes" ? "peak memory [GB]" : \
    column eq "memory_ms" ? "memory latency [ms]" : column eq "io_ms" ? "storage I/O [ms]" : \
    column eq "h2d_ms" ? "host to device [ms]" : column eq "net_ms" ? "network, one KV shard [ms]" : \
    column eq "depth" ? "tokens already in the cache" : column eq "prompt" ? "prompt [tokens]" : \
    column eq "quality" ? "quality, MMLU 5-shot [%]" : column eq "power_w" ? "power [W]" : \
    column eq "device.peak_gflops_fp32" ? "peak of 32-bit floats" : \
    column eq "device.peak_gflops_fp16" ? "peak of 16-bit floats" : column eq "device.peak_gops_int8" ? "peak of 8-bit integers" : \
    column eq "answer_s" ? "time of an answer [s]" : column eq "speedup" ? "speed with the draft / without" : \
    column eq "draft_tokens" ? "tokens drafted in a round" : column eq "usd_per_mtok" ? "USD per million tokens" : column eq "load_s" ? "load time [s]" : \
    is_bytes(column) ? column[1:strlen(column) - 6]." [GB]" : column

grey = "#666666"
set border 3 linewidth 0.8 linecolor rgb grey
set tics nomirror out scale 0.6 textcolor rgb "#222222"
set grid linetype 1 linecolor rgb "#DDDDDD" linewidth 0.6, linetype 1 linecolor rgb "#EEEEEE" linewidth 0.4
set key noenhanced samplen 1.2 spacing 1.1
set title noenhanced
set xlabel noenhanced
set ylabel noenhanced
set label noenhanced
set termoption noenhanced
