/* Quality: golden rows, coverage, the order of formats, and what may never be mixed. */
#include "point_help.h"

#include "model/quality.h"
#include "model/roofline_blocks.h"

TestSuite(quality, .init = set_up, .fini = tear_down);

static const es_roofline_state *blocks(void) { return point.state; }

static const es_row *find(es_kind kind, const char *name) {
    const es_row *row = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert(row != NULL, "%s", name);
    return row;
}

static double row_with(int field, const char *wanted) {
    const es_table *scores = &catalog.table[ES_SCORE];
    for (size_t i = 0; i < scores->n_rows; i++)
        if (strcmp(scores->rows[i].text[field], wanted) == 0)
            return (double)i;
    return NAN;
}

static es_question asked(const char *metric, double mode, const char *harness) {
    return (es_question){row_with(ES_S_METRIC, metric), mode, row_with(ES_S_HARNESS, harness)};
}

static es_loss loss_of(const es_row *model, const es_row *precision, bool imatrix) {
    const double *own = precision->value;
    const es_shape shape = es_shape_of(model);
    const es_uniform format = {own[ES_P_WEIGHT_BITS], own[ES_P_GROUP_SIZE], own[ES_P_SCALE_BITS],
                               own[ES_P_ZERO_BITS],   own[ES_P_EMBED_BITS], own[ES_P_OUTPUT_BITS]};
    const bool gguf = own[ES_P_KIND] == ES_PRECISION_GGUF;
    return es_loss_of(blocks()->qualities, model, precision, gguf ? es_roofline_mixture(blocks(), precision) : NULL,
                      &shape, &format, (es_quantizer){NAN, imatrix});
}

static es_quality quality_of(const es_row *model, const es_row *precision, bool imatrix, es_question question) {
    const es_loss loss = loss_of(model, precision, imatrix);
    return es_quality_of(blocks()->qualities, model, question, &loss);
}

/* Cells of a line without quotes, cut in place. */
static size_t cut(char *line, char **cell, size_t most) {
    size_t n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *c = line; c && n < most; n++) {
        cell[n] = c;
        c = strchr(c, ',');
        if (c)
            *c++ = '\0';
    }
    return n;
}

static void each_line(const char *path, void (*each)(char **cell)) {
    char line[1024], *cell[16];
    FILE *file = fopen(path, "r");
    cr_assert(file != NULL, "%s", path);
    cr_assert(fgets(line, sizeof line, file) != NULL);
    size_t n = 0;
    for (; fgets(line, sizeof line, file); n++) {
        cut(line, cell, sizeof cell / sizeof *cell);
        each(cell);
    }
    fclose(file);
    cr_expect_gt(n, 40);
}

static bool within(double got, double expected, double rounding) {
    return fabs(got - expected) <= 0.005 * fabs(expected) + rounding;
}

/* model, params_b, newer, precision, imatrix, level, d, ppl_increase_pct, quality_retained, score_fp, quality, basis */
static void golden(char **cell) {
    const es_row *model = find(ES_MODEL, cell[0]), *precision = find(ES_PRECISION, cell[3]);
    const bool imatrix = cell[4][0] == '1';
    const es_loss loss = loss_of(model, precision, imatrix);
    const es_quality quality = quality_of(model, precision, imatrix, asked("MMLU", ES_SCORE_INSTRUCT, ""));
    cr_expect_eq(model->value[ES_M_NEWER], atof(cell[2]), "%s", cell[0]);
    cr_expect(within(loss.level, atof(cell[5]), 0.0005), "%s %s level %g", cell[0], cell[3], loss.level);
    cr_expect(within(loss.d, atof(cell[6]), 5e-6), "%s %s %s d %g, not %s", cell[0], cell[3], cell[4], loss.d, cell[6]);
    cr_expect(within(quality.ppl_increase_pct, atof(cell[7]), 0.005), "%s %s", cell[0], cell[3]);
    cr_expect(within(quality.retained, atof(cell[8]), 5e-5), "%s %s", cell[0], cell[3]);
    cr_expect(within(quality.score, atof(cell[9]), 0), "%s %s", cell[0], cell[3]);
    cr_expect(within(quality.quality, atof(cell[10]), 0), "%s %s %g", cell[0], cell[3], quality.quality);
    cr_expect_eq(quality.basis, ES_QUALITY_PUBLISHED);
}
Test(quality, examples) { each_line("tests/data/quality_examples.csv", golden); }

/* model, metric, mode, quality, quality_low, quality_high, basis, from: of full precision */
static void golden_default(char **cell) {
    const es_row *model = es_table_find(&catalog.table[ES_MODEL], cell[0], strlen(cell[0]));
    if (!model)
        return;
    const es_quality q = quality_of(model, find(ES_PRECISION, "FP16"), false, asked(cell[1], ES_SCORE_INSTRUCT, ""));
    if (strcmp(cell[6], "none") == 0) {
        cr_expect(isnan(q.quality) && isnan(q.low) && isnan(q.high) && isnan(q.basis), "%s", cell[0]);
        return;
    }
    cr_expect(within(q.quality, atof(cell[3]), 0.05), "%s %g", cell[0], q.quality);
    cr_expect(within(q.low, atof(cell[4]), 0.05) && within(q.high, atof(cell[5]), 0.05), "%s %g %g", cell[0], q.low,
              q.high);
    cr_expect_eq(q.basis, strcmp(cell[6], "published") == 0 ? ES_QUALITY_PUBLISHED : ES_QUALITY_ESTIMATE, "%s",
                 cell[0]);
}
Test(quality, default_examples) { each_line("tests/data/quality_default_examples.csv", golden_default); }

static bool is_idealised(const es_row *model) { return strncmp(model->name, "EP-", 3) == 0; }

/* The 138 models of 2025 and before: those whose scores the contract counts. */
Test(quality, coverage) {
    static const struct {
        double mode;
        size_t published, estimated; /* at least, as the catalog grows */
    } known[] = {{ES_SCORE_INSTRUCT, 57, 50}, {ES_SCORE_BASE, 83, 16}};
    for (size_t k = 0; k < LENGTH(known); k++) {
        size_t published = 0, estimated = 0;
        for (size_t m = 0; m < catalog.table[ES_MODEL].n_rows; m++) {
            const es_row *model = &catalog.table[ES_MODEL].rows[m];
            const es_score score = es_score_of(blocks()->qualities, model, asked("MMLU", known[k].mode, ""));
            cr_expect(!is_idealised(model) || isnan(score.value), "%s", model->name);
            published += score.basis == ES_QUALITY_PUBLISHED;
            estimated += score.basis == ES_QUALITY_ESTIMATE;
        }
        cr_expect_geq(published, known[k].published, "%zu", published);
        cr_expect_geq(estimated, known[k].estimated, "%zu", estimated);
    }
}

/* The order of formats, without fallbacks: rows of whole blocks.  Not in hybrids, whose fused projections get the better
 * types that IQ4_XS has for values. */
Test(quality, order_of_formats) {
    static const char *const order[] = {"Q8_0", "Q6_K",   "Q5_K_M",  "Q5_K_S", "Q4_K_M", "Q4_K_S",  "IQ4_XS",
                                        "Q4_0", "Q3_K_M", "IQ3_XXS", "Q2_K",   "IQ2_M",  "IQ2_XXS", "IQ1_S"};
    size_t models = 0;
    for (size_t m = 0; m < catalog.table[ES_MODEL].n_rows; m++) {
        const es_row *model = &catalog.table[ES_MODEL].rows[m];
        const es_shape s = es_shape_of(model);
        const double params = es_count_params(&blocks()->arch[m], &s).total;
        const double rows[] = {s.hidden, s.intermediate, s.heads * s.head_dim};
        bool whole = s.ffn_matrices == 3 && params >= 0.45e9 && params < 15e9 && !is_idealised(model) &&
                     s.n_experts == 0 && s.kv_lora_rank == 0 && model->text[ES_M_NATIVE_FORMAT][0] == '\0' &&
                     model->text[ES_M_LAYER_PATTERN][0] == '\0';
        for (size_t i = 0; i < LENGTH(rows); i++)
            whole &= fmod(rows[i], 256) == 0;
        if (!whole)
            continue;
        models++;
        double before = 0;
        for (size_t i = 0; i < LENGTH(order); i++) {
            const double d = loss_of(model, find(ES_PRECISION, order[i]), true).d;
            cr_expect_gt(d, before, "%s: %s %g behind %g", model->name, order[i], d, before);
            before = d;
        }
    }
    cr_expect_gt(models, 20, "%zu", models);
}

/* Full precision in the embedding is no saving. */
Test(quality, embedding_counts_little) {
    double least = INFINITY, most = 0;
    for (double bits = 4.5; bits <= 16; bits += 0.5) {
        const es_row *model = find(ES_MODEL, "Llama-3.2-1B"), *precision = find(ES_PRECISION, "INT4 g32 sym");
        const es_shape shape = es_shape_of(model);
        const es_uniform format = {4, 32, 16, 0, bits, bits};
        const double d =
            es_loss_of(blocks()->qualities, model, precision, NULL, &shape, &format, (es_quantizer){NAN, false}).d;
        least = fmin(least, d), most = fmax(most, d);
    }
    cr_expect_leq(most / least, 1.07, "%g", most / least);
}

/* Over all models and formats: never below chance unless the score is, ranges around the value, empty in one piece. */
Test(quality, bounds) {
    const es_question question = asked("MMLU", ES_SCORE_INSTRUCT, "");
    for (size_t m = 0; m < catalog.table[ES_MODEL].n_rows; m++)
        for (size_t p = 0; p < catalog.table[ES_PRECISION].n_rows; p++) {
            const es_row *model = &catalog.table[ES_MODEL].rows[m], *precision = &catalog.table[ES_PRECISION].rows[p];
            if (!es_roofline_covers(point.state, model, precision))
                continue;
            const es_quality q = quality_of(model, precision, precision->value[ES_P_IMATRIX] > 0, question);
            if (isnan(q.quality)) {
                cr_expect(isnan(q.low) && isnan(q.high) && isnan(q.basis));
                continue;
            }
            cr_expect_geq(q.quality, fmin(q.chance, q.score), "%s %s", model->name, precision->name);
            cr_expect(q.low <= fmax(q.quality, q.chance) && q.quality <= q.high && q.high <= 100 && q.low >= q.chance,
                      "%s %s %g %g %g", model->name, precision->name, q.low, q.quality, q.high);
            cr_expect(q.retained >= 0 && q.retained <= 1 && q.ppl_increase_pct >= 0);
        }
}

/* With one harness set every score and every predictor is of it; an answer never mixes metrics or modes. */
Test(quality, one_harness) {
    static const char *const harnesses[] = {"lm-eval", "qwen", "vendor", "google", ""};
    for (size_t h = 0; h < LENGTH(harnesses); h++)
        for (size_t m = 0; m < catalog.table[ES_MODEL].n_rows; m++)
            for (int mode = 0; mode < 3; mode++) {
                const es_row *model = &catalog.table[ES_MODEL].rows[m];
                const es_score score = es_score_of(blocks()->qualities, model, asked("MMLU", mode, harnesses[h]));
                for (size_t i = 0; i < score.n_sources; i++) {
                    const es_source *s = &score.source[i];
                    if (s->kind != ES_SCORE)
                        continue;
                    cr_expect(!harnesses[h][0] || strcmp(s->row->text[ES_S_HARNESS], harnesses[h]) == 0);
                    cr_expect_str_eq(s->row->text[ES_S_MODEL], model->name);
                    if (score.basis == ES_QUALITY_PUBLISHED)
                        cr_expect(strcmp(s->row->text[ES_S_METRIC], "MMLU") == 0 && s->row->value[ES_S_MODE] == mode);
                }
            }
}

/* Formats that say nothing, and those that a model was trained in. */
Test(quality, native_and_unknown) {
    static const struct {
        const char *model, *precision;
        bool imatrix;
        double d; /* NaN: unknown */
    } known[] = {
        {"BitNet-b1.58-2B-4T", "TQ2_0", false, 0}, {"BitNet-b1.58-2B-4T", "BitNet b1.58 (I2_S)", false, 0},
        {"Llama-3.2-1B", "TQ2_0", false, NAN},     {"Llama-3.2-1B", "BitNet b1.58 (I2_S)", false, NAN},
        {"Llama-3.2-1B", "IQ2_XS", false, NAN},    {"Llama-3.2-1B", "F16", false, 0},
        {"Llama-3.2-1B", "FP32", false, 0},        {"Llama-3.2-1B", "BF16", true, 0},
        {"gpt-oss-20b", "MXFP4", false, 0},
    };
    for (size_t i = 0; i < LENGTH(known); i++) {
        const es_loss loss =
            loss_of(find(ES_MODEL, known[i].model), find(ES_PRECISION, known[i].precision), known[i].imatrix);
        cr_expect(isnan(known[i].d) ? isnan(loss.d) : loss.d == known[i].d, "%s %s %g", known[i].model,
                  known[i].precision, loss.d);
    }
}

/* One measurement moves all formats of its model and matrix together, by less than it asks for. */
Test(quality, level) {
    folder f = folder_new();
    put(&f, "losses.csv",
        "model,file_type,imatrix,dlnppl,source\nQwen2.5-0.5B,Q4_0,0,0.4,s\nQwen2.5-0.5B,Q8_0,0,0.0001,s\n");
    char source[80];
    snprintf(source, sizeof source, "+%s", f.path);
    const char *sources[] = {source};
    const char *const formats[] = {"Q8_0", "Q6_K", "Q4_0", "Q3_K_M", "Q4_K_M"};
    es_loss before[LENGTH(formats)];
    for (size_t i = 0; i < LENGTH(formats); i++)
        before[i] = loss_of(find(ES_MODEL, "Qwen2.5-0.5B"), find(ES_PRECISION, formats[i]), false);
    tear_down();
    arena = (es_arena){0};
    cr_assert_eq(es_catalog_load(&catalog, sources, 1, NULL), ES_OK);
    cr_assert_eq(es_point_kernel_prepare(&point, "roofline", &catalog, &arena, NULL), ES_OK);
    const double asked_for = 0.4 / before[2].d, v = 1 / (0.12 * 0.12 + 0.0015 / 0.4 * (0.0015 / 0.4));
    const double expected = exp(v * log(asked_for) / (v + 4.9));
    for (size_t i = 0; i < LENGTH(formats); i++) {
        const es_loss loss = loss_of(find(ES_MODEL, "Qwen2.5-0.5B"), find(ES_PRECISION, formats[i]), false);
        cr_expect(within(loss.level, expected, 0) && fabs(loss.level / expected - 1) < 1e-12, "%g", loss.level);
        cr_expect(fabs(loss.d / (before[i].d * expected) - 1) < 1e-12);
        cr_expect_eq(loss.basis, strcmp(formats[i], "Q4_0") == 0 ? ES_LOSS_MEASURED : ES_LOSS_CALIBRATED);
        cr_expect_eq(before[i].basis, ES_LOSS_FORMULA);
        cr_expect_eq(loss_of(find(ES_MODEL, "Qwen2.5-0.5B"), find(ES_PRECISION, formats[i]), true).level, 1);
    }
    folder_free(&f);
}
