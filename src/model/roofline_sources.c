/* The catalog rows behind the outputs of the roofline kernel's blocks. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "model/roofline_blocks.h"

#define OUTPUT_OF(type, member) (offsetof(type, member) / sizeof(double))

static void add(es_source *list, size_t *n, es_kind kind, const es_row *row, int field) {
    if (*n < ES_MAX_SOURCES)
        list[(*n)++] = (es_source){kind, row, field};
}

/* ---- layout: the rules of the file type, the blocks of a slot's tensor type ---- */

static size_t rules_of(const es_roofline_state *state, const es_rows *rows, es_source *list) {
    const es_table *mixtures = &state->catalog->table[ES_GGUF_MIXTURE];
    size_t n = 0;
    for (size_t i = 0; i < mixtures->n_rows; i++)
        if (es_equal_fold(mixtures->rows[i].text[ES_X_FILE_TYPE], rows->precision->name))
            add(list, &n, ES_GGUF_MIXTURE, &mixtures->rows[i], ES_X_TENSOR_TYPE);
    return n;
}

static size_t blocks_of(const es_roofline_state *state, const char *type, es_source *list) {
    const es_table *types = &state->catalog->table[ES_GGUF_TYPE];
    size_t n = 0;
    for (size_t i = 0; i < types->n_rows; i++)
        if (es_equal_fold(types->rows[i].text[ES_T_TYPE], type))
            add(list, &n, ES_GGUF_TYPE, &types->rows[i], ES_T_BLOCK_BYTES);
    return n;
}

size_t es_roofline_layout_sources(const void *state_, const es_rows *rows, const double *in, size_t output,
                                  es_source *list) {
    const es_roofline_state *state = state_;
    if (rows->precision->value[ES_P_KIND] != ES_PRECISION_GGUF)
        return 0;
    if (output == OUTPUT_OF(es_layout, weight_bytes))
        return rules_of(state, rows, list);
    es_layout layout;
    es_roofline_layout(state, rows, in, (double *)&layout);
    for (size_t i = 0; i < ES_SLOTS; i++)
        if (output == OUTPUT_OF(es_layout, slot[0].type) + i * (sizeof(es_slot) / sizeof(double)) &&
            layout.slot[i].type > ES_TYPE_NONE)
            return blocks_of(state, es_type_labels[(size_t)layout.slot[i].type], list);
    return 0;
}

/* ---- rates ---- */

size_t es_roofline_device_sources(const void *state_, const es_rows *rows, const double *in, size_t output,
                                  es_source *list) {
    const es_roofline_state *state = state_;
    const es_setting setting = {.rows = rows, .threads = NAN, .build = ES_BUILD_NEWEST};
    const es_rate rate = (es_rate)(output % ES_RATES);
    const bool own = output / ES_RATES == OUTPUT_OF(es_device_rates, own) / ES_RATES;
    (void)in;
    if (own && !es_rate_untyped(state->calibration, &setting, rate).own)
        return 0;
    return es_rate_sources(state->calibration, &setting, rate, ES_TYPE_NONE, false, list);
}

size_t es_roofline_slot_sources(const void *state_, const es_rows *rows, const double *in, size_t output,
                                es_source *list) {
    const es_roofline_state *state = state_;
    const size_t rate = output / (ES_SLOTS + 1), of = output % (ES_SLOTS + 1);
    const bool unused = rows->precision->value[ES_P_KIND] == ES_PRECISION_GGUF && !(in[of] > ES_TYPE_NONE);
    const size_t slot = unused ? ES_SLOTS : of; /* as es_roofline_slot_rates has it */
    const es_setting setting = {rows, in[ES_SLOTS + 1], in[ES_SLOTS + 2], in[ES_SLOTS + 3],
                                slot >= ES_EXPERT_SLOT && slot < ES_SLOTS};
    const size_t attn = output - OUTPUT_OF(es_slot_rates, inv_attn);
    if (attn < 2)
        return es_rate_sources(state->calibration, &setting, (es_rate)(ES_RATE_ATTN_UTIL + (int)attn), ES_TYPE_NONE,
                               false, list);
    if (rate >= ES_TYPED_RATES)
        return 0;
    return es_rate_sources(state->calibration, &setting, (es_rate)rate,
                           in[slot] > ES_TYPE_NONE ? (int)in[slot] : ES_TYPE_NONE, true, list);
}

size_t es_roofline_host_sources(const void *state_, const es_rows *rows, const double *in, size_t output,
                                es_source *list) {
    const es_roofline_state *state = state_;
    es_rows of = *rows;
    double gops;
    of.device = &state->board, of.unit = es_roofline_host_unit(state, rows, in[ES_SLOTS], &gops);
    const es_setting setting = {&of, NAN, in[ES_SLOTS + 1], NAN, output >= ES_EXPERT_SLOT};
    const int type = in[output] > ES_TYPE_NONE ? (int)in[output] : ES_TYPE_NONE;
    return of.unit ? es_rate_sources(state->calibration, &setting, ES_RATE_DECODE_UTIL, type, true, list) : 0;
}

/* ---- quality: the types behind a distortion, the losses behind a level, the scores behind a score ---- */

typedef struct types_seen {
    const es_roofline_state *state;
    const es_row *model;
    bool seen[ES_MAX_TENSOR_TYPES];
    size_t output;
} types_seen;

static void note_type(void *data, const es_tensor *t, int type, double count) {
    (void)count;
    types_seen *seen = data;
    if (!t)
        return;
    const bool native = t->use == ES_USE_ROUTED &&
                        es_is_native(seen->state->qualities, seen->model, es_gguf_type_name(seen->state->gguf, type));
    const bool body = t->place == ES_PLACE_LAYER && t->use != ES_USE_NEVER && !native;
    seen->seen[type] |= (body && seen->output == OUTPUT_OF(es_loss, body)) ||
                        (t->use == ES_USE_HEAD && seen->output == OUTPUT_OF(es_loss, head)) ||
                        (t->id == ES_TENSOR_TOKEN_EMBD && seen->output == OUTPUT_OF(es_loss, embedding));
}

static size_t distortions_of(const es_roofline_state *state, const es_rows *rows, const double *in, size_t output,
                             es_source *list) {
    const es_table *table = &state->catalog->table[ES_DISTORTION];
    const bool gguf = rows->precision->value[ES_P_KIND] == ES_PRECISION_GGUF;
    const es_quantizer quantizer = es_roofline_quantizer(in);
    types_seen types = {.state = state, .model = rows->model, .output = output};
    size_t n = 0;
    es_shape shape;
    memcpy(&shape, in, sizeof shape);
    if (gguf && es_roofline_covers(state, rows->model, rows->precision))
        es_gguf_types(state->gguf, es_roofline_mixture(state, rows->precision), quantizer,
                      &state->arch[rows->model - state->models->rows], &shape, note_type, &types);
    for (size_t i = 0; i < table->n_rows; i++) {
        const es_row *row = &table->rows[i];
        int type = es_gguf_type_id(state->gguf, row->name);
        if (gguf ? type >= 0 && types.seen[type]
                 : output == OUTPUT_OF(es_loss, body) && es_equal_fold(row->name, rows->precision->name))
            add(list, &n, ES_DISTORTION, row,
                quantizer.imatrix && !isnan(row->value[ES_Y_IMATRIX]) ? ES_Y_IMATRIX : ES_Y_PLAIN);
    }
    return n;
}

size_t es_roofline_loss_sources(const void *state_, const es_rows *rows, const double *in, size_t output,
                                es_source *list) {
    const es_roofline_state *state = state_;
    const bool imatrix = es_roofline_quantizer(in).imatrix;
    const es_row *row;
    size_t n = 0;
    if (output == OUTPUT_OF(es_loss, body) || output == OUTPUT_OF(es_loss, head) ||
        output == OUTPUT_OF(es_loss, embedding))
        return distortions_of(state, rows, in, output, list);
    if (output == OUTPUT_OF(es_loss, level))
        for (size_t i = 0; (row = es_loss_row(state->qualities, rows->model, imatrix, i)) != NULL; i++)
            add(list, &n, ES_LOSS, row, ES_Q_DLNPPL);
    return n;
}

size_t es_roofline_quality_sources(const void *state_, const es_rows *rows, const double *in, size_t output,
                                   es_source *list) {
    const es_roofline_state *state = state_;
    if (output != OUTPUT_OF(es_quality, score))
        return 0;
    const es_score score = es_score_of(state->qualities, rows->model, es_roofline_question(in));
    memcpy(list, score.source, score.n_sources * sizeof *list);
    return score.n_sources;
}

/* ---- power: the level of the boundary ---- */

size_t es_roofline_power_sources(const void *state, const es_rows *rows, const double *in, size_t output,
                                 es_source *list) {
    static const int field[ES_POWER_SIZE] = {ES_W_DECODE_W, ES_W_STREAM_GBS, ES_W_TIME_SHARE, ES_W_IDLE_W,
                                             ES_W_BOUNDARY};
    double boundary;
    const es_row *row = es_roofline_power_row(state, rows, in, &boundary);
    size_t n = 0;
    if (row)
        add(list, &n, ES_POWER, row, field[output]);
    return n;
}
