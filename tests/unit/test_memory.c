/* What runtimes allocate, against the same rules stated by hand: bytes of caches and states, buffers, the largest context. */
#include "point_help.h"

TestSuite(memory, .init = set_up, .fini = tear_down);

static double *values;

static int id_of(const char *name) {
    const int id = es_kernel_node(point.kernel, name, strlen(name));
    cr_assert_geq(id, 0, "%s", name);
    return id;
}

static double get(const char *name) { return values[id_of(name)]; }

static const es_row *row_named(es_kind kind, const char *name) {
    const es_row *row = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert_not_null(row, "%s", name);
    return row;
}

typedef struct setting {
    double prompt, gen, depth, batch, ubatch, n_ctx, kv_bits, kv_bits_v, flash, swa_full, unified, image, gpu_layers,
        cpu_experts, imatrix, mmap, threads;
} setting;

static const setting usual = {512, 128, 0, 1, 512, NAN, NAN, NAN, NAN, 0, 0, 0, NAN, 0, NAN, 1, NAN};

static void evaluate_at(const char *model, const char *device, const char *runtime, const char *precision, setting s) {
    static const char *const axes[] = {"prompt",     "gen",         "depth",      "batch",    "ubatch",     "n_ctx",
                                       "kv_bits",    "kv_bits_v",   "flash_attn", "swa_full", "kv_unified", "image",
                                       "gpu_layers", "cpu_experts", "imatrix",    "mmap",     "threads"};
    double workload[ES_MAX_INPUTS];
    set_workload(axes, (const double *)&s, LENGTH(axes), workload);
    es_rows rows = es_point_rows(&point, row_named(ES_MODEL, model), row_named(ES_DEVICE, device),
                                 row_named(ES_PRECISION, precision));
    if (runtime)
        rows.runtime = row_named(ES_RUNTIME, runtime);
    if (!values)
        values = es_arena_array(&arena, point.kernel->n_nodes, sizeof *values);
    es_point_evaluate(&point, &rows, workload, values);
}

static double padded(double x, double to) { return ceil(x / to) * to; }

/* Layers with a full and a windowed cache, elements of a key (= of a value) per position, window. */
typedef struct shape {
    const char *model;
    double full, windowed, width, window, mla;
} shape;

static const shape shapes[] = {
    {"Llama-3.2-1B", 16, 0, 512, 0, 0},     {"Qwen2.5-0.5B", 24, 0, 128, 0, 0},
    {"Gemma-3-4B", 5, 29, 1024, 1024, 0},   {"Gemma-2-2B", 13, 13, 1024, 4096, 0},
    {"gpt-oss-20b", 12, 12, 512, 128, 0},   {"Mistral-7B-v0.1", 32, 0, 1024, 0, 0}, /* its window is not honoured */
    {"DeepSeek-V2-Lite", 27, 0, 0, 0, 576},
};

/* MEMORY.md's formulas are those of llama-kv-cache.cpp and llama-kv-cache-iswa.cpp, llama.cpp v0.5.0. */
static double llama_kv(const shape *m, const setting *s) {
    const double context = isnan(s->n_ctx) ? s->prompt + s->gen + s->depth : s->n_ctx;
    const double bk = (isnan(s->kv_bits) ? 16 : s->kv_bits) / 8, bv = isnan(s->kv_bits_v) ? bk : s->kv_bits_v / 8;
    const double full = padded(s->unified > 0 ? s->batch * context : context, 256),
                 streams = s->unified > 0 ? 1 : s->batch;
    const double u = fmin(fmin(s->ubatch, 2048), s->batch * context);
    const double window =
        s->swa_full > 0 ? full : padded(fmin(full, m->window * (s->unified > 0 ? s->batch : 1) + u), 256);
    if (m->mla > 0)
        return streams * m->full * full * m->mla * bk;
    return streams * (m->full * full + m->windowed * window) * m->width * (bk + bv);
}

Test(memory, caches_of_llama_cpp_to_the_byte) {
    static const double contexts[] = {640, 4096, 6000, 131072}, bits[] = {16, 8.5, 4.5, 32};
    int n = 0;
    for (size_t m = 0; m < LENGTH(shapes); m++)
        for (int round = 0; round < 200; round++, n++) {
            setting s = usual;
            s.prompt = contexts[(size_t)(uniform_deviate() * 4)] - s.gen;
            s.batch = 1 + floor(uniform_deviate() * 4);
            s.ubatch = (double[]){128, 512, 1024, 4096}[(size_t)(uniform_deviate() * 4)];
            s.n_ctx = uniform_deviate() < 0.5 ? NAN : s.prompt + floor(uniform_deviate() * 9000) + 128;
            s.kv_bits = bits[(size_t)(uniform_deviate() * 4)];
            s.kv_bits_v = uniform_deviate() < 0.5 ? NAN : bits[(size_t)(uniform_deviate() * 4)];
            s.flash = 1;
            s.swa_full = uniform_deviate() < 0.3;
            s.unified = uniform_deviate() < 0.3;
            evaluate_at(shapes[m].model, "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q8_0", s);
            cr_expect_eq(get("kv_bytes"), llama_kv(&shapes[m], &s), "%s: %.17g, expected %.17g", shapes[m].model,
                         get("kv_bytes"), llama_kv(&shapes[m], &s));
        }
    cr_expect_eq(n, 200 * (int)LENGTH(shapes));
}

/* Allocations that were published or measured. */
Test(memory, known_caches) {
    static const struct {
        const char *model, *runtime;
        double prompt, bits, expected;
    } known[] = {
        {"Gemma-3-4B", "llama.cpp-cpu-arm", 130944, 16, 2866806784}, /* 2734 MiB, llama.cpp#21277 */
        {"Gemma-3-4B", "llama.cpp-cpu-arm", 3968, 16, 266338304},
        {"Mistral-7B-v0.1", "llama.cpp-cpu-arm", 32640, 16, 4294967296},    /* llama.cpp#3377 */
        {"Mistral-7B-v0.1", NULL, 32640, 16, 536870912},                    /* the neutral runtime honours the window */
        {"Llama-3.2-3B", "executorch-xnnpack", 1920, NAN, 229376.0 * 2048}, /* bytes a token: the export's model card */
    };
    for (size_t i = 0; i < LENGTH(known); i++) {
        setting s = usual;
        s.prompt = known[i].prompt, s.kv_bits = known[i].bits;
        evaluate_at(known[i].model, "Raspberry Pi 5 8GB", known[i].runtime, "Q4_K_M", s);
        cr_expect_eq(get("kv_bytes"), known[i].expected, "%s: %.17g", known[i].model, get("kv_bytes"));
    }
}

/* What logs and tables print, in MiB; `within` is the relative tolerance: half a printed unit where the rule is exact. */
Test(memory, published_readings) {
    static const char rknn[] = "airockchip/rknn-llm@878f9361:benchmark.md", repack[] = "ggml-org/llama.cpp#19578",
                      jetson[] = "withcatai/node-llama-cpp#560",
                      whole[] = "Phjrab/Jetson-orin-nano-LLM-benchmark, context taken as 4096",
                      recurrent[] = "ggml-org/llama.cpp#23792";
    static const struct {
        const char *model, *device, *runtime, *precision, *column, *source;
        double tokens, kv_bits, imatrix, mmap, batch, published, within;
    } known[] = {
        {"Gemma-2-2B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q4_0", "weight_bytes", repack, 2048, 8.5, 1, 1, 1,
         1552.05, 4e-6},
        {"Gemma-2-2B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q4_0", "repack_bytes", repack, 2048, 8.5, 1, 1, 1,
         1513.16, 4e-6},
        {"Gemma-2-2B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q4_0", "peak_memory_bytes", repack, 2048, 8.5, 1, 0,
         1, 2.2 * 1024, 0.06},
        {"Qwen3-1.7B", "Jetson Orin Nano Super 8GB", "llama.cpp-cuda", "Q4_K_M", "kv_bytes", jetson, 4096, 16, 0, 1, 1,
         448, 0},
        {"Qwen3-1.7B", "Jetson Orin Nano Super 8GB", "llama.cpp-cuda", "Q4_K_M", "activation_bytes", jetson, 4096, 16,
         0, 1, 1, 300.75, 0.05},
        {"Llama-3.2-1B", "Jetson Orin Nano 8GB (15W)", "llama.cpp-cuda", "Q4_K_M", "peak_memory_bytes", whole, 4096, 16,
         0, 1, 1, 1828.98, 0.15},
        {"Qwen2.5-1.5B", "Jetson Orin Nano 8GB (15W)", "llama.cpp-cuda", "Q4_K_M", "peak_memory_bytes", whole, 4096, 16,
         0, 1, 1, 2155.36, 0.15},
        {"DeepSeek-R1-Distill-Qwen-1.5B", "Jetson Orin Nano 8GB (15W)", "llama.cpp-cuda", "Q4_K_M", "peak_memory_bytes",
         whole, 4096, 16, 0, 1, 1, 2143.88, 0.15},
        {"Qwen3.5-27B", "RTX 4090 24GB", "llama.cpp-cuda", "Q4_K_M", "state_bytes", recurrent, 4096, 16, 0, 1, 3,
         448.875, 0},
        {"Qwen2-0.5B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN, 0, 1,
         1, 669.56, 0.08},
        {"Qwen3-0.6B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN, 0, 1,
         1, 791.11, 0.08},
        {"TinyLlama-1.1B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN,
         0, 1, 1, 1093.66, 0.08},
        {"Qwen2.5-1.5B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN, 0,
         1, 1, 1689.21, 0.08},
        {"InternLM2-1.8B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN,
         0, 1, 1, 1775.56, 0.08},
        {"Gemma-2-2B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN, 0, 1,
         1, 2779.22, 0.08},
        {"Qwen3.5-4B", "RK3588 NPU (Rockchip)", "rkllm-rk3588", "RKLLM w8a8", "peak_memory_bytes", rknn, 192, NAN, 0, 1,
         1, 4575.78, 0.08},
        {"Phi-3-mini", "RK3576 NPU", "rkllm-rk3576", "RKLLM w4a16", "peak_memory_bytes", rknn, 192, NAN, 0, 1, 1,
         1995.78, 0.08},
        {"ChatGLM3-6B", "RK3576 NPU", "rkllm-rk3576", "RKLLM w4a16", "peak_memory_bytes", rknn, 192, NAN, 0, 1, 1,
         3023.39, 0.08},
        {"Qwen3-0.6B", "RV1126B NPU", "rkllm-rk3576", "RKLLM w4a16", "peak_memory_bytes", rknn, 192, NAN, 0, 1, 1,
         488.64, 0.08},
    };
    for (size_t i = 0; i < LENGTH(known); i++) {
        setting s = usual;
        s.prompt = known[i].tokens - s.gen, s.batch = known[i].batch;
        s.kv_bits = known[i].kv_bits, s.imatrix = known[i].imatrix, s.mmap = known[i].mmap;
        evaluate_at(known[i].model, known[i].device, known[i].runtime, known[i].precision, s);
        const double mib = get(known[i].column) / 1048576;
        cr_expect(fabs(mib / known[i].published - 1) <= known[i].within, "%s, %s: %.3f MiB for %.3f (%s)",
                  known[i].model, known[i].column, mib, known[i].published, known[i].source);
    }
}

/* What ollama of early 2025 says models take on Raspberry Pis (dambergn/ollama-benchmarks): four slots of 2048 tokens, no
 * flash attention, windows as large as the context, the compute buffer as a whole. */
Test(memory, readings_of_ollama_are_of_four_slots) {
    static const struct {
        const char *model, *precision;
        double mib;
    } known[] = {
        {"Llama-3.2-1B", "Q8_0", 2253},
        {"Llama-3.2-3B", "Q4_K_M", 3584},
        {"DeepSeek-R1-Distill-Qwen-1.5B", "Q4_K_M", 1638},
        {"DeepSeek-R1-Distill-Qwen-7B", "Q4_K_M", 5632},
        {"DeepSeek-R1-Distill-Llama-8B", "Q4_K_M", 6656},
        {"Qwen2.5-0.5B", "Q4_K_M", 840},
        {"Qwen2.5-1.5B", "Q4_K_M", 1638},
        {"Qwen2.5-3B", "Q4_K_M", 2662},
        {"Qwen2.5-7B", "Q4_K_M", 5632},
        {"Phi-3-mini", "Q4_0", 6144},
        {"Gemma-2-2B", "Q4_0", 3174},
    };
    point.build = 202502;
    for (size_t i = 0; i < LENGTH(known); i++) {
        setting s = usual;
        s.n_ctx = 2048, s.batch = 4, s.unified = 1, s.flash = 0, s.swa_full = 1;
        evaluate_at(known[i].model, "RTX 4090 24GB", "ollama", known[i].precision, s);
        const double mib = (get("weight_bytes") + get("kv_bytes") + get("activation_bytes")) / 1048576;
        cr_expect(fabs(mib / known[i].mib - 1) < 0.15, "%s: %.0f of %g MiB", known[i].model, mib, known[i].mib);
    }
}

/* A line of tests/data/llama_buffers.csv: what a log of llama.cpp prints, all of builds before June 2026. */
typedef struct logged {
    char model[64], column[32];
    double n_ctx, sequences, unified, ubatch, flash, kv_bits, kv_bits_v, swa_full, mib;
} logged;

static bool read_logged(FILE *from, logged *l) {
    char line[512];
    return fgets(line, sizeof line, from) &&
           sscanf(line, "%63[^,],%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%31[^,],%lf,", l->model, &l->n_ctx, &l->sequences,
                  &l->unified, &l->ubatch, &l->flash, &l->kv_bits, &l->kv_bits_v, &l->swa_full, l->column,
                  &l->mib) == 11;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Caches and states to the printed digit; of compute buffers the median within 3%, nine of ten within 15%, none below 0.8.
 * Quantized caches of a few backends have a layer's keys and values in 16 bits in the buffer besides: Gemma-4-26B's. */
Test(memory, buffers_that_logs_print) {
    FILE *file = fopen("tests/data/llama_buffers.csv", "r");
    char header[512];
    double error[64];
    size_t exact = 0, n = 0, far = 0;
    cr_assert(file && fgets(header, sizeof header, file));
    point.build = 202605;
    for (logged l; read_logged(file, &l);) {
        setting s = usual;
        s.n_ctx = l.n_ctx, s.batch = l.sequences, s.unified = l.unified, s.ubatch = l.ubatch, s.flash = l.flash;
        s.kv_bits = l.kv_bits, s.kv_bits_v = l.kv_bits_v, s.swa_full = l.swa_full;
        evaluate_at(l.model, "RTX 4090 24GB", "llama.cpp-cuda", "Q4_K_M", s);
        const double mib = get(l.column) / 1048576;
        const bool staged = strcmp(l.model, "Gemma-4-26B-A4B") == 0;
        if (strcmp(l.column, "activation_bytes") != 0) {
            cr_expect(fabs(mib - l.mib) < 0.006, "%s at %g: %s %.3f of %g MiB", l.model, l.n_ctx, l.column, mib, l.mib);
            exact++;
        } else if (!staged) {
            cr_assert_lt(n, LENGTH(error));
            cr_expect(mib > 0.8 * l.mib, "%s at %g: %.2f of %g MiB", l.model, l.n_ctx, mib, l.mib);
            far += fabs(mib / l.mib - 1) > 0.15;
            error[n++] = fabs(mib / l.mib - 1);
        }
    }
    fclose(file);
    cr_assert(exact == 57 && n == 25, "%zu and %zu rows", exact, n);
    qsort(error, n, sizeof *error, by_size);
    cr_expect(error[n / 2] < 0.03 && far * 10 <= n, "median %g, %zu of %zu far", error[n / 2], far, n);
}

Test(memory, no_pass_of_llama_cpp_is_larger_than_its_batch) {
    setting s = usual;
    s.prompt = 16384, s.ubatch = 8192;
    evaluate_at("Qwen3-0.6B", "RTX 4090 24GB", "llama.cpp-cuda", "Q8_0", s);
    const double large = get("activation_bytes");
    s.ubatch = 2048;
    evaluate_at("Qwen3-0.6B", "RTX 4090 24GB", "llama.cpp-cuda", "Q8_0", s);
    cr_expect_eq(large, get("activation_bytes"));
}

/* MEMORY.md 4 by hand: MLX holds a layer's parts for a step and copies the cache of one layer. */
Test(memory, mlx_holds_a_step_and_a_layer_of_the_cache) {
    setting s = usual;
    s.prompt = 33900 - 128, s.ubatch = 2048;
    evaluate_at("Mistral-7B-v0.1", "Apple M4 Max", "mlx-lm", "MLX 4-bit", s);
    const double layer = get("kv_bytes") / 32, parts = 3 * 14336 + 4 * 4096 + 2 * 4096 + 2 * 1024;
    cr_expect_eq(layer, 2.0 * 2 * 1024 * padded(33900, 256));
    cr_expect_eq(get("activation_bytes"), 2 * (2048 * parts + 32000) + layer, "%.17g", get("activation_bytes"));
}

/* vllm takes 0.92 of the card; TensorRT-LLM leaves a tenth of what is free behind the weights. */
Test(memory, servers_keep_a_share_back) {
    setting s = usual;
    evaluate_at("Llama-3.1-8B", "RTX 4090 24GB", "vllm", "FP16", s);
    const double ram = get("ram_gb") * 1073741824;
    cr_expect_float_eq(get("room_bytes"), 0.92 * ram, 1);
    evaluate_at("Llama-3.1-8B", "RTX 4090 24GB", "tensorrt-llm", "FP16", s);
    cr_expect_float_eq(get("room_bytes"), ram - 0.1 * (ram - get("gpu_weight_bytes")), 1);
    for (int side = -1; side <= 1; side += 2) {
        evaluate_at("Llama-3.1-8B", "RTX 4090 24GB", "tensorrt-llm", "FP16", usual);
        s.n_ctx = get("max_context") + 64 * side;
        evaluate_at("Llama-3.1-8B", "RTX 4090 24GB", "tensorrt-llm", "FP16", s);
        cr_expect_eq(get("fits"), side < 0 ? 1 : 0, "%g tokens", s.n_ctx);
    }
}

Test(memory, quantized_values_need_flash_attention) {
    setting s = usual;
    s.kv_bits = 8.5, s.flash = 0;
    evaluate_at("Llama-3.2-1B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q8_0", s);
    cr_expect(isnan(get("kv_bytes")) && get("kv_impossible") > 0 && get("fits") == 0);
    s.kv_bits_v = 16;
    evaluate_at("Llama-3.2-1B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q8_0", s);
    cr_expect(get("kv_bytes") > 0 && get("kv_impossible") == 0);
}

/* Qwen2-0.5B at an ubatch of 512: 36 MiB touched on a CPU of the 300 that are reserved. */
Test(memory, buffers_are_touched_on_processors_and_reserved_on_gpus) {
    evaluate_at("Qwen2.5-0.5B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q8_0", usual);
    const double touched = get("activation_bytes") / 1048576;
    cr_expect(touched > 34 && touched < 40, "%g MiB", touched);
    evaluate_at("Qwen2.5-0.5B", "RTX 4090 24GB", "llama.cpp-cuda", "Q8_0", usual);
    const double reserved = get("activation_bytes") / 1048576;
    cr_expect(reserved > 290 && reserved < 320, "%g MiB", reserved);
    /* llama.cpp v0.5.0, Qwen3-0.6B at 16384: 336 MB with flash attention, 589 without (MB 1e6 or MiB: within 6%) */
    setting s = usual;
    s.prompt = 16384 - 128;
    for (int flash = 0; flash < 2; flash++) {
        s.flash = flash;
        evaluate_at("Qwen3-0.6B", "RTX 4090 24GB", "llama.cpp-cuda", "Q8_0", s);
        const double mb = get("activation_bytes") / 1e6, expected = flash ? 336 : 589;
        cr_expect(fabs(mb / expected - 1) < 0.07, "flash_attn %d: %g MB", flash, mb);
    }
}

Test(memory, repacked_types_depend_on_the_processor) {
    evaluate_at("Llama-3.2-1B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q8_0", usual);
    const double with = get("repack_bytes"), weights = get("weight_bytes");
    cr_expect(with > 0.95 * weights && with <= weights, "%g of %g", with, weights);
    evaluate_at("Llama-3.2-1B", "Raspberry Pi 4 8GB", "llama.cpp-cpu-arm", "Q8_0", usual);
    cr_expect_eq(get("repack_bytes"), 0, "no dotprod");
    evaluate_at("Llama-3.2-1B", "Raspberry Pi 5 8GB", NULL, "Q8_0", usual);
    cr_expect_eq(get("repack_bytes"), 0, "the neutral runtime keeps one copy");
}

/* Kernels take 4 rows of Q8_0 at once on ARM and 16 on RISC-V (ggml-cpu/repack.cpp): the 73448 rows of MiniCPM3's head are a
 * multiple of 8 only, and every other matrix of 16. */
Test(memory, rearranged_matrices_have_a_multiple_of_the_kernels_rows) {
    evaluate_at("MiniCPM3-4B", "Raspberry Pi 5 8GB", "llama.cpp-cpu-arm", "Q8_0", usual);
    const double arm = get("repack_bytes");
    evaluate_at("MiniCPM3-4B", "Banana Pi/Milk-V Jupiter (SpacemiT K1)", "llama.cpp-cpu-riscv", "Q8_0", usual);
    cr_expect_eq(arm - get("repack_bytes"), 73448.0 * 2560 * 34 / 32, "%.17g", arm - get("repack_bytes"));
}

/* Weights beyond what a system leaves are read from storage (Jetson: 6.6 GiB of 8); what Metal denies to one program stays
 * memory (M1: 10.7 of 16 GiB). */
Test(memory, what_is_denied_to_a_program_is_memory_still) {
    evaluate_at("Gemma-3-12B", "Jetson Orin Nano Super 8GB", "llama.cpp-cuda", "Q4_K_M", usual);
    cr_expect(get("fits") == 0 && get("residency") == 1 && get("weight_bytes") < 7.7 * 1073741824);
    evaluate_at("Qwen3-14B", "Apple M1 16GB", "llama.cpp-metal", "Q6_K", usual);
    cr_expect(get("fits") == 0 && get("residency") == 0 && get("weight_bytes") > get("available_bytes"));
}

Test(memory, images_bring_their_projector) {
    setting s = usual;
    s.prompt = 8064 - 256; /* the image is 256 tokens */
    s.n_ctx = 8192;
    evaluate_at("Gemma-3-4B", "Raspberry Pi 4 4GB", "llama.cpp-cpu-arm", "Q5_K_M", s);
    const double without = get("peak_memory_bytes");
    s.image = 1;
    evaluate_at("Gemma-3-4B", "Raspberry Pi 4 4GB", "llama.cpp-cpu-arm", "Q5_K_M", s);
    cr_expect(fabs(get("peak_memory_bytes") - without - 839.6e6) < 0.1e6, "%g", get("peak_memory_bytes") - without);
    cr_expect_eq(get("fits"), 0);
}

/* What max_context says fits, one more does not. */
Test(memory, largest_context) {
    static const char *const devices[] = {"Raspberry Pi 5 8GB", "Raspberry Pi 5 4GB", "RTX 4090 24GB"};
    static const char *const runtimes[] = {"llama.cpp-cpu-arm", NULL, "llama.cpp-cuda"};
    int between = 0;
    for (size_t m = 0; m < LENGTH(shapes); m++)
        for (size_t d = 0; d < LENGTH(devices); d++)
            for (int flash = 0; flash < 2; flash++) {
                setting s = usual;
                s.flash = flash, s.batch = 1 + (double)m;
                evaluate_at(shapes[m].model, devices[d], runtimes[d], "Q4_K_M", s);
                const double most = get("max_context"), limit = get("max_ctx");
                for (int more = 0; more < 2; more++) {
                    s.n_ctx = most + more;
                    if (s.n_ctx < 1 || (more && most == limit))
                        continue;
                    evaluate_at(shapes[m].model, devices[d], runtimes[d], "Q4_K_M", s);
                    cr_expect_eq(get("fits"), !more, "%s on %s: %g", shapes[m].model, devices[d], s.n_ctx);
                    between += more && most > 0;
                }
            }
    cr_expect_gt(between, 5);
}

/* The largest split fits and one layer more does not; the time of a step is a line in the layers, as published series are
 * to 0.6% (RTX 2070 SUPER, RTX 3060: llama-bench -ngl, --n-cpu-moe). */
Test(memory, split_between_two_memories) {
    static const char device[] = "RTX 4060 8GB", runtime[] = "llama.cpp-cuda";
    setting s = usual;
    evaluate_at("Qwen3-14B", device, runtime, "Q4_K_M", s);
    cr_expect_eq(get("fits"), 0);
    s.gpu_layers = -1; /* auto */
    evaluate_at("Qwen3-14B", device, runtime, "Q4_K_M", s);
    const double most = get("max_gpu_layers"), layers = get("layers");
    cr_expect(get("fits") == 1 && most > 10 && most <= layers, "%g of %g", most, layers);
    s.gpu_layers = most + 1;
    evaluate_at("Qwen3-14B", device, runtime, "Q4_K_M", s);
    cr_expect(get("fits") == 0 && isnan(get("tpot_s")) && isnan(get("ttft_s")), "what does not fit is no point");
    double step[3], prefill[3];
    for (int i = 0; i < 3; i++) {
        s.gpu_layers = 5 + 10 * i;
        evaluate_at("Qwen3-14B", device, runtime, "Q4_K_M", s);
        step[i] = get("tpot_s"), prefill[i] = get("ttft_s");
        cr_expect(get("host_memory_bytes") > get("program_bytes") && step[i] > 0);
    }
    cr_expect(step[0] > step[1] && prefill[0] > prefill[1]);
    cr_expect(fabs(step[0] - 2 * step[1] + step[2]) < 1e-9 && fabs(prefill[0] - 2 * prefill[1] + prefill[2]) < 1e-9);
    s.gpu_layers = NAN;
    double moe[2];
    for (int i = 0; i < 2; i++) {
        s.cpu_experts = 40 + 4 * i;
        evaluate_at("Qwen3-30B-A3B", device, runtime, "Q4_K_M", s);
        moe[i] = get("tpot_s");
    }
    /* 8 experts of three 2048x768 matrices at about 4.8 bits, read at 0.9 of 51.2 GB/s */
    const double layer = (moe[1] - moe[0]) / 4;
    cr_expect(layer > 0.3e-3 && layer < 0.6e-3, "%g ms a layer", layer * 1e3);
}

/* llama-bench -ngl 999 --n-cpu-moe N, Qwen3.6-35B-A3B (a finetune) IQ4_XS on an RTX 3060 beside a Ryzen 5 5600, Vulkan, b10284
 * (public notes on Qwen3.6-35B-A3B): with the ends known the rest follows, and so does the time of a layer without any. */
Test(memory, published_split) {
    static const double split[] = {40, 28, 24, 22, 20, 18}, decode[] = {38.5, 42.6, 44.3, 45.4, 46.9, 48.2},
                        prefill[] = {359, 460, 508, 529, 543, 584};
    enum { N = LENGTH(split) };
    double step[N], first[N];
    for (size_t i = 0; i < N; i++) {
        setting s = usual;
        s.cpu_experts = split[i];
        evaluate_at("Qwen3.6-35B-A3B", "RTX 3060 12GB", "llama.cpp-vulkan", "IQ4_XS", s);
        step[i] = get("tpot_s"), first[i] = get("ttft_s");
    }
    for (int phase = 0; phase < 2; phase++) {
        const double *said = phase ? first : step, *rate = phase ? prefill : decode, tokens = phase ? 512 : 1;
        const double b = tokens * (1 / rate[0] - 1 / rate[N - 1]) / (said[0] - said[N - 1]);
        for (size_t i = 1; i + 1 < N; i++) {
            const double time = tokens / rate[0] + b * (said[i] - said[0]), is = tokens / rate[i];
            cr_expect(fabs(time / is - 1) < 0.05, "%s at %g: %g of %g", phase ? "prefill" : "decode", split[i], time,
                      is);
        }
        cr_expect(b > 0.7 && b < 1.8, "%s: slope %g", phase ? "prefill" : "decode", b);
    }
    cr_expect(fabs((step[0] - step[N - 1]) / (1 / decode[0] - 1 / decode[N - 1]) - 1) < 0.1, "time of a layer");
    for (size_t i = 0; i < N; i++) /* and, without any of the points, the level */
        cr_expect(fabs(1 / (step[i] * decode[i]) - 1) < 0.3, "level %g", 1 / (step[i] * decode[i]));
}

/* The processor beside the GPU takes the longer of the bytes of its memory and the arithmetic of its threads: six cores of
 * Zen 3 wait for 51.2 GB/s, one computes. */
Test(memory, host_takes_the_longer_of_bytes_and_arithmetic) {
    static const double threads[] = {NAN, 6, 1};
    double step[LENGTH(threads)];
    for (size_t i = 0; i < LENGTH(threads); i++) {
        setting s = usual;
        s.gpu_layers = 0, s.threads = threads[i];
        evaluate_at("Llama-3.1-8B", "RTX 3060 12GB", "llama.cpp-cuda", "Q4_K_M", s);
        step[i] = get("host_step_s");
    }
    const double bytes = get("dense_bytes") + get("head_bytes") + get("decode_cache_bytes"),
                 weights = get("dense_weights") + get("head_weights");
    cr_expect_eq(step[0], step[1]);
    cr_expect_float_eq(step[0], bytes / (0.9 * 51.2e9), 1e-9);
    const double cycles = step[2] * 4.4e9 / weights; /* of a weight; kernels of 256 bits need a tenth to one */
    cr_expect(step[2] > 2 * step[0] && cycles > 0.1 && cycles < 1, "%g cycles a weight", cycles);
}

/* gpt-oss keeps its 4-bit experts in every file type: llama.cpp#15117. */
Test(memory, native_formats) {
    evaluate_at("gpt-oss-20b", "Raspberry Pi 5 16GB", "llama.cpp-cpu-arm", "F16", usual);
    cr_expect_eq(get("weight_bytes"), 13779630336.0);
    evaluate_at("gpt-oss-20b", "Raspberry Pi 5 16GB", "llama.cpp-cpu-arm", "Q8_0", usual);
    cr_expect_eq(get("weight_bytes"), 12096558336.0);
}

/* Counted by hand from MEMORY.md and the models' shapes at 4096 cells: Gemma-4-E2B has 12 windowed layers of 256 wide rows
 * and 3 global ones of 512, and without flash attention all values lie in rows of 512. */
Test(memory, values_are_padded_without_flash_attention) {
    const double cells = 4096, window = 1024;
    for (int flash = 0; flash < 2; flash++) {
        setting s = usual;
        s.n_ctx = cells, s.flash = flash;
        evaluate_at("Gemma-4-E2B", "RTX 4090 24GB", "llama.cpp-cuda", "Q8_0", s);
        const double expected = 3 * cells * 2048 + 12 * window * (flash ? 1024 : 1536);
        cr_expect_eq(get("kv_bytes"), expected, "%.17g, expected %.17g", get("kv_bytes"), expected);
    }
}

/* The latent vector of 576 is 18 blocks, whatever the width of a head. */
Test(memory, latent_vectors_may_be_quantized) {
    setting s = usual;
    s.n_ctx = 4096, s.kv_bits = 4.5;
    evaluate_at("GLM-4.7-Flash", "RTX 4090 24GB", "llama.cpp-cuda", "Q4_K_M", s);
    cr_expect_eq(get("kv_bytes"), 47.0 * 4096 * 576 * 4.5 / 8, "%.17g", get("kv_bytes"));
}
