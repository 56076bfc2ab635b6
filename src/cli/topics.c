#include "cli/topics.h"

#include <edgesweep/catalog.h>
#include <edgesweep/pareto.h>
#include <edgesweep/sweep.h>
#include <jansson.h>

#include "import/gguf_file.h"
#include "import/import_hf.h"
#include "calibrate/measured_table.h"
#include "catalog/csv_rows.h"
#include "catalog/file.h"
#include "shards/shard.h"
#include "grid/spec.h"
#include "grid/values.h"
#include "io/csv_read.h"

static const char sweep_details[] =
    "A sweep file says what to evaluate. # begins a comment. The same KEY=VALUE may follow --set on the command line "
    "and then wins over the file; SECTION.KEY=VALUE sets keys of other sections than [sweep].\n"
    "\n"
    "  [sweep]\n"
    "  kernel    = edgeprofiler                # see: edgesweep list kernels\n"
    "  model     = Llama-3.2-*, TinyLlama-1.1B # names or globs; ! excludes: *, !*-70B\n"
    "  device    = Raspberry Pi 5, Jetson*\n"
    "  precision = FP16, INT8, INT4\n"
    "  seq_len   = 128:4096*2                  # workload axes: see edgesweep show kernel NAME\n"
    "  device.mem_bw_gbs = 8:64+8              # any numeric catalog field is an axis\n"
    "  device.mem_util   = x0.8, x1, x1.2      # x multiplies what would apply\n"
    "  device.price_usd  = expr(20 + 0.5*device.mem_bw_gbs)   # follows others: a column, no axis\n"
    "  [where]                                 # one condition a line, all must hold\n"
    "  end_to_end_ms < 500\n"
    "  [pareto]\n"
    "  minimize = energy_j, end_to_end_ms      # and maximize =\n"
    "  by       = device                       # one front per device\n"
    "  unique   = 1                            # of equal points only the first, with their number (--unique)\n"
    "  [best]\n"
    "  pick     = precision                    # the best precision ...\n"
    "  by       = device, model                # ... per device and model\n"
    "  minimize = end_to_end_ms                # more columns break ties in order\n"
    "  [metrics]                               # columns of your own: NAME [UNIT] = EXPRESSION\n"
    "  jobs_per_j [1/J] = 1 / energy_j\n"
    "  [output]\n"
    "  columns  = *                            # or a list; * in it: all that are not listed\n"
    "\n"
    "Axes that are not given take their default; model, device and precision take everything. A comma list is a union; "
    "quotes protect commas. Names are found whatever their case, punctuation and vendor (rpi5, llama3.2:3b, "
    "Qwen/Qwen3-4B). On the command line every key is an option, too (--model NAME, --n-ctx 8k, "
    "--device.mem_bw_gbs 8:64+8), and --unset KEY or SECTION removes what the file sets. Numbers may end in k, M, G "
    "(1000; of tokens 1024, so that 16k is 16384) or Ki, Mi, Gi (1024).\n"
    "\n"
    "  a:b          a, a+1, ... b\n"
    "  a:b+step     a, a+step, ...; b is included when it is a step\n"
    "  a:b*factor   a, a*factor, ...\n"
    "  lin(a,b,n)   n values at equal distances\n"
    "  log(a,b,n)   n values at equal ratios\n"
    "\n"
    "Values after x are factors. Factors of utilizations are shown as they are, other axes show what results; a "
    "utilization that a factor takes above 1 is cut there, with a warning (an error with the kernel edgeprofiler).\n"
    "\n"
    "Under the kernel roofline a point exists only where a runtime loads the precision on what the device computes "
    "with "
    "(edgesweep list runtimes, list units); the others are left out and counted. runtime takes names, families "
    "(llama.cpp: the best of its rows on each device), family/backend (llama.cpp/vulkan), globs and !; when it is not "
    "given, each device has its default runtimes. runtime = default is neutral: any precision on any device. Formats "
    "that "
    "no file has (INT8, INT4) must be named.\n"
    "\n"
    "Conditions and metrics are expressions over columns, catalog fields and other metrics (edgesweep help "
    "expressions). Points are numbered row by row: model, device, runtime, precision, workload axes, field axes; the "
    "last "
    "varies "
    "fastest.";

static const char expression_details[] =
    "Conditions ([where], --where) and columns of your own ([metrics], --metric) are expressions:\n"
    "\n"
    "  1.5e3  4k  2Gi              numbers; k M G T are 1000 ..., Ki Mi Gi Ti are 1024 ...\n"
    "  tpot_s  device.price_usd    columns and fields of the catalogs\n"
    "  \"Tok/s\"                     a column of any name in double quotes\n"
    "  'Raspberry Pi 5'            a text, two quotes standing for one; with = and != only, beside a column\n"
    "  + - * / ( )                 as in C\n"
    "  < <= > >= = == !=           1 where it holds, else 0; they do not chain\n"
    "  and or not  && || !         `not` takes a whole comparison, `!` what follows directly\n"
    "  CONDITION ? A : B           A where the condition holds, else B\n"
    "  min max (two or more)  floor ceil abs sqrt log exp (one)  pow (two)\n"
    "\n"
    "What is computed from a missing value is missing, and so is what divides by zero, overflows, or leaves the domain "
    "of "
    "a function: the cell stays empty. x = '' asks whether x is missing. `and` and `or` are missing only where the "
    "missing side decides. A row for which a condition is missing is left out. What is compared and computed with is "
    "what the table shows: bytes are rounded up.\n"
    "\n"
    "Conditions joined by `and`, and lines of [where], are counted one by one when they leave nothing.\n"
    "\n"
    "  [where]\n"
    "  fits and (decode_tok_s >= 8 or ttft_s < 1)\n"
    "  not residency = 'flash'\n"
    "  [metrics]\n"
    "  usd_per_tok_s [USD s] = device.price_usd / decode_tok_s\n"
    "  score = quality - 2 * log(max(1, usd_per_tok_s))\n"
    "  [pareto]\n"
    "  minimize = usd_per_tok_s\n"
    "  maximize = score\n"
    "\n"
    "A field of a catalog follows others by expr(...) in [sweep]: workload axes, catalog fields as axes and factors "
    "make "
    "them, and other such fields, but no results. Values outside what the catalog allows are errors; where the formula "
    "is "
    "missing, the field is.\n"
    "\n"
    "  device.price_usd = expr(20 + 0.5*device.mem_bw_gbs + (device.class = 'gpu' ? 300 : 0))\n"
    "\n"
    "Metrics may use each other in any order, but not themselves. They are columns as any: of the output, of fronts "
    "and "
    "best choices (large grids are still searched by boxes), of explain. `edgesweep list metrics FILE.sweep` lists "
    "them.";

static const char catalog_details[] =
    "Catalogs are CSV files of models, devices, precisions, units, runtimes and more; the built-in ones are always "
    "there. --catalog DIR uses "
    "the files of a folder instead, --catalog +DIR adds rows, and replaces those of the same name. Columns may come in "
    "any order and be left out unless marked *; those that begin with x_ are ignored.\n";

static const char tables_details[] =
    "`pareto`, `best`, `report`, `validate` and `calibrate` read tables as users have them, from files or standard "
    "input "
    "(-); what was told from the text and could be meant in another way is said on stderr.\n"
    "\n"
    "  packed        .gz, .zst, by what is in the file, not by its name\n"
    "  encoding      UTF-8, or UTF-16 with a byte order mark (what PowerShell's > writes); no zero bytes\n"
    "  format        CSV; JSON, an array of objects or one after another; Markdown, with bars around rows or not;\n"
    "                INSERT statements; SQLite (the table points, or the only one)\n"
    "  before it     comments (#), what programs log before a header or a bracket, and Excel's `sep=;`\n"
    "  delimiter     the one of , ; tab | by which the header has as many cells as the rows; --delimiter says it\n"
    "  numbers       with a decimal point; where cells are separated by something else than commas, the columns tell\n"
    "                whether it is a comma, each as a whole; --decimal says it\n"
    "  thousands     --thousands CHAR, groups of three: 1,543 1.543 1'543 or 1 543 (any blank)\n"
    "  text          an apostrophe before = + - @ is not part of it: `run` writes it to keep spreadsheets from\n"
    "                running the text as a formula\n"
    "\n"
    "A cell of a column of numbers that is none is an error with its line, never text in silence. Results are written "
    "as they were read, in UTF-8, without what stood before the header.";

static const char clusters_details[] =
    "A shard is a contiguous part of the grid. Any scheduler can run the shards, in any order, on any machines that "
    "share a directory; nothing is lost and nothing counted twice, whatever dies.\n"
    "\n"
    "  edgesweep run job.sweep --shard 3/16 --resume -o parts      # one part of 16, counted from 0\n"
    "  edgesweep run job.sweep --shard auto/16 --resume -o parts   # the number from the job array\n"
    "  edgesweep run job.sweep --shard 0-7/16 --resume -o parts    # eight of them as one part\n"
    "  edgesweep merge parts -o all.csv                            # the bytes of a run without shards\n"
    "\n"
    "  Slurm         scripts/slurm/submit.sh 16 job.sweep all.csv: the array, and the merge that waits for it\n"
    "  Kubernetes    scripts/k8s/indexed-job.yaml, an Indexed Job\n"
    "  GNU parallel  scripts/parallel.sh 16 job.sweep all.csv\n"
    "  MPI           make mpi; mpirun -n 64 edgesweep-mpi job.sweep --shards 1024 -o parts [--single-file all.csv]\n"
    "  PBS, SGE, LSF, AWS Batch, Cloud Run, Google Batch\n"
    "                --shard auto/N knows their variables; --shard-from NAME takes any other, --shard-base B\n"
    "                another first number\n"
    "\n"
    "`auto` never guesses N, and refuses to choose when several variables are set.\n"
    "\n"
    "What lies where: parts/data/part-00003-of-00016.csv, the fronts and best tables of the parts in parts/front and "
    "parts/best, and parts/_manifest, written last: a part with a manifest is whole and is skipped from then on. Until "
    "then its files are hidden. --resume goes on at the last checkpoint (--checkpoint SECONDS) after verifying the "
    "hash "
    "of what is there; text is never written twice, the front and the best table of the range are computed again. "
    "`merge` takes parts of any N as long as they cover the grid exactly once. It refuses parts of different sweeps "
    "(status 3), missing ones (4, with a ready --array=3,7-9), overlaps (5) and damage (6), and then writes nothing.\n"
    "\n"
    "Signals: SIGTERM, and like it SIGHUP, SIGXCPU, SIGUSR1, SIGUSR2 and SIGALRM, which schedulers send before they "
    "kill "
    "(Slurm --signal, PBS and SGE soft limits), end a run with status 143 after whole rows; a shard writes a "
    "checkpoint "
    "first, and nothing hidden is left that --resume does not need. What is ignored at the start, as by nohup, stays "
    "ignored. A file beyond the limit of its size (ulimit -f) is an error, status 1.\n"
    "\n"
    "How many shards: let each run for 5 to 30 minutes; `edgesweep plan job.sweep` tells the core-hours of the whole. "
    "A shard costs about 20 ms beside its points; a killed one loses at most the time since its last checkpoint "
    "(without rows, --front-only, the shard starts again). With MPI take several per rank, so that all ranks end "
    "together. N up to 999,999,999; more shards than points are fine.\n"
    "\n"
    "Reading the parts without merging: headers are in every part, hidden files and _manifest are skipped by both:\n"
    "\n"
    "  duckdb -c \"SELECT device, min(tpot_s) FROM read_csv('parts/data/part-*.csv') GROUP BY device\"\n"
    "  spark.read.csv(\"parts/data\", header=True, inferSchema=True)\n"
    "\n"
    "1e12 points: their rows are 250 TB, so ask the question instead. With --front-only shards hold nothing but their "
    "front and best table, a few kilobytes each, and boxes of the grid that cannot hold a winner are skipped:\n"
    "\n"
    "  edgesweep plan job.sweep                                            # ... without rows (--front-only)\n"
    "  edgesweep run job.sweep --front-only --shard auto/256 -o parts      # in the array\n"
    "  edgesweep merge parts -o front.csv                                  # front.csv and front.best.csv";

static void print_default(const es_field *field, FILE *out) {
    if (field->flags & ES_REQUIRED || field->fallback != field->fallback)
        return;
    if (field->choices)
        fprintf(out, " [%s]", field->choices[(size_t)field->fallback]);
    else if (field->fallback != 0)
        fprintf(out, " [%.10g]", field->fallback);
}

static void print_fields(FILE *out) {
    for (es_kind kind = 0; kind < ES_KINDS; kind++) {
        const es_field_table *table = es_fields(kind);
        fprintf(out, "\n%s.csv\n", table->name);
        for (size_t f = 0; f < table->n_fields; f++) {
            const es_field *field = &table->fields[f];
            const char *mark = field->flags & (ES_REQUIRED | ES_COLUMN) ? "*" : " ";
            fprintf(out, "  %-22s%s %-8s  %s", field->name, mark, field->unit, field->help);
            print_default(field, out);
            fputc('\n', out);
        }
    }
}

static const char quality_details[] =
    "quality is the score of a model in full precision, lowered by what the format costs; both have a range, "
    "quality_low to quality_high (90%).\n"
    "\n"
    "  quality_metric  = MMLU      one of the metrics of scores.csv; one for a whole sweep\n"
    "  quality_mode    = instruct  or base, thinking; modes are never mixed\n"
    "  quality_harness =           only scores that this harness measured; empty: the best known one of each model\n"
    "  precision.imatrix = 1       files made with an importance matrix\n"
    "\n"
    "MMLU asks for knowledge in English, by multiple choice with 25% for guessing. It says little about writing, code, "
    "long answers or other languages: a multilingual metric (MMMLU, C-Eval) is one key away where rows exist. "
    "Scores of thinking models belong to answers that are many times longer.\n"
    "\n"
    "quality_basis is `published`, or `estimate`: from other metrics of the model, by the lines of estimates.csv. A "
    "model "
    "with neither has no quality and cannot win; run names all of them. The loss d = ln(perplexity ratio) follows from "
    "the "
    "distortion of every tensor's type, by role; loss_basis says whether losses of the model were measured "
    "(`measured` for this format, `calibrated` for others, else `formula`). Formats that a model was trained in cost "
    "nothing; formats on which nothing is known have no quality. Two formats of one model within 0.3 points tie, and "
    "the "
    "next objective of [best] decides.\n"
    "\n"
    "Rows of your own go into scores.csv, losses.csv and distortions.csv of a folder, --catalog +DIR (see: edgesweep "
    "help "
    "catalogs). Sources of every number: edgesweep explain.";

static const char limits_details[] =
    "What does not fit is refused with a message, before anything is written where that can be told.\n"
    "\n"
    "  --max-bytes SIZE    rows that the plan says take more are refused, and no file of a run grows beyond it;\n"
    "                      without it, what is free where OUT will lie. Compressed sizes are not known before\n"
    "  --force             writes in spite of the plan\n"
    "  --max-memory SIZE   what would take more (RLIMIT_DATA) ends with `out of memory` and status 1\n"
    "  --max-time SECONDS  ends the command as SIGINT would, with status 1; --resume goes on with shards\n"
    "\n"
    "Fixed limits:\n";

static void print_limits(FILE *out) {
    static const struct {
        long long value;
        const char *of;
    } limits[] = {
        {ES_MAX_AXIS_VALUES, "values of an axis"},
        {ES_MAX_AXES, "axes of a sweep"},
        {ES_MAX_OBJECTIVES, "objectives of a front or a best choice"},
        {ES_MAX_BY, "columns of `by`"},
        {INT64_MAX, "points of a grid"},
        {ES_MAX_SHARDS, "shards"},
        {ES_SWEEP_FILE_MAX, "bytes of a sweep file"},
        {ES_CATALOG_MAX_FILE, "bytes of a catalog file"},
        {ES_CSV_MAX_LINE, "bytes of a line of a catalog"},
        {ES_CSV_MAX_CELLS, "cells of a row of a catalog"},
        {ES_CSV_ROW_MAX, "bytes of a row of other tables that are always taken"},
        {ES_MEASURED_MAX_BYTES, "bytes of measurements"},
        {ES_CONFIG_MAX_BYTES, "bytes of a config.json"},
        {JSON_PARSER_MAX_DEPTH, "levels of JSON"},
        {ES_GGUF_MAX_TENSORS, "tensors of a GGUF file"},
        {ES_GGUF_MAX_KEYS, "metadata keys of a GGUF file"},
        {ES_GGUF_MAX_NESTING, "arrays in arrays of a GGUF file"},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        fprintf(out, "  %19lld  %s\n", limits[i].value, limits[i].of);
}

static const char workload_details[] =
    "Axes of the kernel roofline for how people use models. Their columns, and the metrics they are for, stand in a "
    "table only where [output] or a question names them; without them nothing changes.\n"
    "\n"
    "  # What does a draft gain?\n"
    "  edgesweep run --device 'RTX 4090 24GB' --model Qwen3.5-9B --precision Q4_K_M \\\n"
    "    --draft none,mtp,Qwen3.5-0.8B --task code \\\n"
    "    --set output.columns=draft,acceptance,decode_tok_s,speedup,peak_memory_bytes\n"
    "  # What does an image cost?\n"
    "  edgesweep run --device 'Jetson Orin Nano Super' --model Qwen3-VL-2B \\\n"
    "    --precision Q4_K_M --image 0,1,4 \\\n"
    "    --set output.columns=image,encode_s,ttft_s,kv_bytes,peak_memory_bytes\n"
    "  # What does an agent of 20 turns take?\n"
    "  edgesweep run --device 'Apple M4' --model Qwen3-8B --precision Q4_K_M \\\n"
    "    --turns 1,20 --prompt 3000 --new-tokens 400 --gen 200 \\\n"
    "    --set output.columns=turns,ttft_s,conversation_s,conversation_j,fits\n"
    "  # Four users, each with a question every 80 s: one after the other, or at once?\n"
    "  edgesweep run --device 'Jetson Orin Nano Super' --model Llama-3.2-3B \\\n"
    "    --precision Q4_K_M --batch 1,4 --rate-req-s 0.05 \\\n"
    "    --set output.columns=batch,utilisation,wait_p95_s,load_ttft_p95_s,load_tpot_s,fits\n"
    "  # Which model solves most tasks per dollar?\n"
    "  edgesweep run tasks --tokens-per-answer 503 --best - \\\n"
    "    --set output.columns=device,model,precision,usd_per_solved\n"
    "  # ... and per minute?\n"
    "  edgesweep run tasks --tokens-per-answer 503 --best - \\\n"
    "    --metric 'solved_per_min = 60 / answer_s * quality / 100' \\\n"
    "    --unset best.minimize --set best.maximize=solved_per_min \\\n"
    "    --set output.columns=device,model,precision,solved_per_min\n"
    "\n"
    "Agents: turns prompts over a cache that stays, the first of prompt tokens, the others of new_tokens; each is "
    "answered "
    "with gen tokens. conversation_s and conversation_j are for all of them, memory is that at the end.\n"
    "\n"
    "Whole answers: tokens_per_answer with the reasoning; answer_s, answer_j, answer_usd, and per task solved "
    "usd_per_solved and j_per_solved, by quality as the share that is solved (sweeps/tasks.sweep).\n"
    "\n"
    "Several users: rate_req_s requests arrive per second, at random, for batch slots (64 at most) of a server that "
    "batches "
    "continuously, as llama.cpp's and vLLM do: between two batches those who wait take free slots; a batch is one "
    "token of "
    "every sequence and, up to 2048 tokens, of prompts. Steps take what as many sequences as are busy take. "
    "utilisation is "
    "the rate over the most that can be served; wait_s, load_ttft_s and load_tpot_s are means, wait_p95_s, "
    "load_ttft_p95_s and load_tpot_p95_s what 5% exceed; empty when more arrive than can be served, with several slots "
    "from a utilisation of 0.97 on, where no simulation is long enough. They come from "
    "262,144 "
    "simulated requests, the same at every point, corrected by what is known of the queue M/D/c: exact with one slot, "
    "else within 2% of long simulations (0.25% of the requests where few wait and those long); 15 ms a point.\n"
    "\n"
    "Images: image of them in the prompt, of image_pixels where the size is free; encode_s is part of ttft_s, their "
    "tokens are part of the prompt, the tower lies in memory.\n"
    "\n"
    "Speculative decoding, one stream: draft is mtp, eagle, lookup or a model, which is in the target's format; "
    "whether "
    "a model was published with such heads, and a draft has its vocabulary, is not checked; "
    "draft_tokens a "
    "round, of which a share of acceptance is accepted (or the first with that probability and the following with "
    "acceptance_decay times less each). Without measured rounds of the kind and backend (drafts.csv) their time "
    "follows from bytes and operations. Without acceptance it is that of the kind and of task (chat, code, math, "
    "prose, "
    "summary, qa, translation), an estimate. speedup, tokens_per_round, round_s, draft_bytes.\n"
    "\n"
    "Heat: sustained = 1 is the speed after ten minutes of load; empty where nobody measured the device, as basis then "
    "says (no sustained speed).\n"
    "\n"
    "Files: quantizer = 202602 is a file made before March 2026, imatrix = 1 one with an importance matrix.\n";

static const char json_details[] =
    "-f json of advise, list, show, explain and best prints one value on stdout. Keys are the names of columns (list "
    "metrics) and catalog fields (help catalogs), units stand in them. Texts are texts, numbers are numbers, what is "
    "not "
    "known is null. Keys may be added; none changes its meaning within a version.\n"
    "\n"
    "  advise   object: use, goal, depth, prompt, gen (tokens), ram_gb, mem_bw_gbs (null: those of the device), "
    "choices (how many there are), tied (how many of the "
    "first "
    "rows cannot be told apart), rows: list of objects: rank, model, device, runtime, precision, basis, quality_basis, "
    "quality_metric, then numbers: decode_tok_s, decode_tok_s_low, decode_tok_s_high, prefill_tok_s, ttft_s, "
    "ttft_s_low, ttft_s_high, peak_memory_bytes, max_context, quality, quality_low, quality_high, "
    "energy_j_per_token, power_w, usd_per_mtok; no rows: nothing meets the wish\n"
    "  list     list of objects: all fields of a row, aliases (list of texts), origin (FILE:LINE); of models also "
    "params, "
    "quality, bits_per_weight, weight_bytes in Q4_K_M, of precisions bits_per_weight, quality_retained, weight_bytes "
    "of Llama-3.1-8B\n"
    "  show     the object of one row\n"
    "  explain  object: index, points, kernel, model, device, runtime, precision, values: object by name of objects: "
    "value, "
    "unit, formula, source, of inputs also from; conditions: object by text: true or false\n"
    "  best     list of objects: rank, tie (true: a format of one model, too near the choice before it in quality), "
    "overlaps "
    "(true: its range meets that of the choice before it), n_overlapped (how many of its group the winner's range "
    "meets), "
    "then the cells of the row\n";

static const char memory_details[] =
    "What a runtime allocates decides what fits; the rules of each are rows of runtimes_memory.csv with their sources, "
    "and explain shows every part of a point. runtime = default is neutral: 16-bit caches without rounding.\n"
    "\n"
    "  peak_memory_bytes   what is needed: weights + kv_bytes + state_bytes + activation_bytes + program\n"
    "  kv_bytes            caches as allocated: cells are rounded up, windows hold a pass more, or are ignored\n"
    "  state_bytes         recurrent layers, per sequence, whatever the context\n"
    "  activation_bytes    compute buffer: touched pages on a CPU, the whole reservation on a GPU, of llama.cpp's "
    "newest\n"
    "                      build (--build 2026-05: wider masks, fewer logits)\n"
    "  repack_bytes        rearranged copies of weights (llama.cpp on a CPU), beside pages of the file that can go\n"
    "  program_bytes       the program and its tokenizer\n"
    "  host_memory_bytes   beside a discrete GPU\n"
    "  fits                1: all of that in ram_gb - os_reserved_gb; servers keep a share back (vllm 0.92)\n"
    "  max_context, max_gpu_layers   the largest n_ctx and gpu_layers that fit\n"
    "\n"
    "Axes: n_ctx (allocated, of one sequence), batch, ubatch, flash_attn, kv_bits and kv_bits_v (f16, q8_0, q4_0 ...), "
    "swa_full, kv_unified, mmap = 0 (the file is read: nothing can be evicted), image (the projector is loaded), "
    "gpu_layers = N|auto and cpu_experts = N on a discrete GPU whose row has host_ram_gb and host_mem_bw_gbs, and "
    "host_unit (zen3*6@4.4) so that few cores or threads are not faster than their arithmetic: a split "
    "that does not fit, or that no runtime makes, is no point. Others that cannot be (a quantized cache of values "
    "without flash attention) have empty cells and fits = 0.\n"
    "\n"
    "  edgesweep run edge --kv-bits f16,q8_0 --set output.columns=model,kv_bytes,fits,max_context\n";

static const char boundary_details[] =
    "Watts depend on where they are measured. The same board draws 1.4 to 4 times as much at the plug as its chip says "
    "of "
    "itself, so energies are compared at one boundary only:\n"
    "\n"
    "  wall          the plug: supply, board, storage, cooling; of a graphics card its whole host\n"
    "  module        what enters the board or card: a shunt, a barrel jack meter, nvidia-smi\n"
    "  rail          supply rails of the processor: VDD_CPU_GPU_CV of a Jetson, the PMIC of a Pi 5\n"
    "  soc_estimate  what the chip estimates: powermetrics, RAPL, PPT\n"
    "  any           the wall where it is known, else the first of the others with a measured level [default]\n"
    "\n"
    "boundary = NAME in [sweep], or --boundary NAME, takes one for all devices. The column power_boundary tells what a "
    "row "
    "has. Levels are rows of power.csv (edgesweep show device NAME, explain): what a board draws while it decodes, "
    "which is "
    "nearly the same for every model, 70% of it for the time, 30% for the bytes. A prefill draws 1.08 times as much. "
    "Without a level the wall is idle_w + 0.87 (load_w - idle_w), if the device's figures are of the wall; at every "
    "other "
    "boundary the cells stay empty, as nothing leads from one boundary to another.\n"
    "\n"
    "When [pareto] or [best] compares energies of several devices whose boundaries differ, all are taken at the wall "
    "and "
    "those that are not known there are left out, with a warning; by = device keeps devices apart, boundary = any "
    "compares "
    "them all the same. pareto and best refuse such tables unless --by power_boundary, a --where or --mix-boundaries "
    "says "
    "what is meant.";

const es_topic es_topics[] = {
    {"sweep", "sweep files: what to evaluate", 5, sweep_details, NULL},
    {"expressions", "conditions and columns of your own", 7, expression_details, NULL},
    {"catalogs", "catalog files: models, devices, precisions", 5, catalog_details, print_fields},
    {"quality", "scores, what formats cost, and their ranges", 7, quality_details, NULL},
    {"boundary", "where power is measured, and what energies compare", 5, boundary_details, NULL},
    {"memory", "what is allocated, and what fits", 6, memory_details, NULL},
    {"workloads", "agents, answers, users, images, drafts, heat", 7, workload_details, NULL},
    {"json", "what -f json prints, for programs", 7, json_details, NULL},
    {"limits", "limits of memory, time, bytes and inputs", 7, limits_details, print_limits},
    {"tables", "tables that are read: encodings, formats, delimiters, numbers", 5, tables_details, NULL},
    {"clusters", "many machines: shards, job arrays, MPI", 7, clusters_details, NULL},
};
const size_t es_topic_count = sizeof es_topics / sizeof *es_topics;
