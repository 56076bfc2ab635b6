#include "model/roofline_blocks.h"

#include <math.h>
#include <string.h>

#include "catalog/connect.h"
#include "model/memory.h"

static es_status compile_models(es_roofline_state *state, es_arena *arena, es_errors *errors) {
    const size_t n = state->models->n_rows, n_precisions = state->precisions->n_rows;
    es_status status = ES_OK;
    state->arch = es_arena_array(arena, n + 1, sizeof *state->arch);
    state->mixture = es_arena_array(arena, n_precisions + 1, sizeof *state->mixture);
    if (state->arch == NULL || state->mixture == NULL)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n && status == ES_OK; i++)
        status = es_arch_compile(state->catalog, &state->models->rows[i], arena, &state->arch[i], errors);
    for (size_t i = 0; i < n_precisions; i++)
        state->mixture[i] = es_gguf_mixture(state->gguf, state->precisions->rows[i].name);
    return status;
}

/* A board without a name, so that no measurement of another one counts for it. */
static es_status make_board(es_row *board, es_arena *arena, es_errors *errors) {
    static const char *const none[] = {NULL};
    *board = (es_row){.name = "", .aliases = none};
    board->value = es_arena_array(arena, ES_D_FIELDS, sizeof *board->value);
    board->text = es_arena_array(arena, ES_D_FIELDS, sizeof *board->text);
    if (!board->value || !board->text)
        return es_fail_memory(errors);
    for (int i = 0; i < ES_D_FIELDS; i++)
        board->value[i] = NAN, board->text[i] = "";
    return ES_OK;
}

es_status es_roofline_prepare(const es_catalog *catalog, es_arena *arena, const void **result, es_errors *errors) {
    es_roofline_state *state = es_arena_alloc(arena, sizeof *state);
    const es_repacks *repacks = NULL;
    if (state == NULL)
        return es_fail_memory(errors);
    state->catalog = catalog;
    state->models = &catalog->table[ES_MODEL];
    state->precisions = &catalog->table[ES_PRECISION];
    es_status status = es_gguf_compile(catalog, arena, &state->gguf, errors);
    if (status == ES_OK)
        status = compile_models(state, arena, errors);
    if (status == ES_OK)
        status = es_repacks_compile(catalog, state->gguf, arena, &repacks, errors);
    if (status == ES_OK)
        status = es_memory_compile(catalog, repacks, arena, &state->memory, errors);
    if (status == ES_OK)
        status = es_calibration_compile(catalog, repacks, arena, &state->calibration, errors);
    if (status == ES_OK)
        status = es_qualities_compile(catalog, state->gguf, state->arch, arena, &state->qualities, errors);
    if (status == ES_OK)
        status = make_board(&state->board, arena, errors);
    *result = state;
    return status;
}

const es_mixture *es_roofline_mixture(const es_roofline_state *state, const es_row *precision) {
    return state->mixture[precision - state->precisions->rows];
}

bool es_roofline_covers(const void *state, const es_row *model, const es_row *precision) {
    (void)model;
    return precision->value[ES_P_KIND] != ES_PRECISION_GGUF || es_roofline_mixture(state, precision) != NULL;
}

static bool has_layout(const es_roofline_state *state, const es_rows *rows, const es_shape *shape) {
    return es_roofline_covers(state, rows->model, rows->precision) &&
           !(shape->n_experts > 0 && shape->n_active > shape->n_experts);
}

bool es_roofline_measured(const void *state, const es_rows *rows) {
    const es_setting setting = {.rows = rows, .threads = NAN, .build = ES_BUILD_NEWEST};
    return es_evidence_of(es_roofline_calibration(state), &setting, ES_FIT_DECODE, ES_TYPE_NONE).basis ==
           ES_BASIS_CALIBRATED;
}

void es_roofline_layers(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_shape shape;
    memcpy(&shape, in, sizeof shape);
    const es_stack stack = es_stack_of(&state->arch[rows->model - state->models->rows], &shape);
    memcpy(out, &stack, sizeof stack);
}

void es_roofline_split(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_shape shape;
    memcpy(&shape, in, sizeof shape);
    const es_split split = es_split_over(&state->arch[rows->model - state->models->rows], &shape, in[ES_SHAPE_SIZE]);
    memcpy(out, &split, sizeof split);
}

void es_roofline_layout(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const es_arch *arch = &state->arch[rows->model - state->models->rows];
    es_shape shape;
    es_uniform format;
    es_layout layout;
    memcpy(&shape, in, sizeof shape);
    memcpy(&format, in + ES_SHAPE_SIZE, sizeof format);
    if (!has_layout(state, rows, &shape))
        es_layout_none(&layout);
    else if (rows->precision->value[ES_P_KIND] != ES_PRECISION_GGUF)
        es_layout_uniform(&format, arch, &shape, &layout);
    else
        es_layout_gguf(state->gguf, es_roofline_mixture(state, rows->precision), es_roofline_quantizer(in), arch,
                       &shape, &layout);
    memcpy(out, &layout, sizeof layout);
}

const es_calibration *es_roofline_calibration(const void *state) {
    return ((const es_roofline_state *)state)->calibration;
}

const void *es_roofline_with(const void *state, es_calibration *calibration, es_arena *arena) {
    es_roofline_state *other = es_arena_alloc(arena, sizeof *other);
    if (other != NULL) {
        *other = *(const es_roofline_state *)state;
        other->calibration = calibration;
    }
    return other;
}

void es_roofline_device_rates(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const es_setting setting = {.rows = rows, .threads = NAN, .build = ES_BUILD_NEWEST};
    es_device_rates rates;
    es_lookup lookup;
    (void)in;
    es_lookup_start(&lookup, state->calibration, &setting);
    for (int i = 0; i < ES_RATES; i++) {
        const es_rate_found found = es_lookup_rate(&lookup, (es_rate)i, ES_TYPE_NONE, false);
        rates.any[i] = found.value;
        rates.own[i] = found.own ? found.value : NAN;
        rates.inverse[i] = 1 / found.value;
    }
    memcpy(out, &rates, sizeof rates);
}

static bool is_family(const es_rows *rows, const char *family) {
    return strcmp(rows->runtime->text[ES_R_FAMILY], family) == 0;
}

void es_roofline_slot_rates(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const es_calibration *calibration = state->calibration;
    const es_setting setting = {rows, in[ES_SLOTS + 1], in[ES_SLOTS + 2], in[ES_SLOTS + 3], false};
    const int main_type = in[ES_SLOTS] > ES_TYPE_NONE ? (int)in[ES_SLOTS] : ES_TYPE_NONE; /* NaN: no layout */
    es_lookup lookup;
    es_lookup_start(&lookup, calibration, &setting);
    const es_evidence decode = es_lookup_evidence(&lookup, ES_FIT_DECODE, main_type),
                      prefill = es_lookup_evidence(&lookup, ES_FIT_PREFILL, main_type);
    const es_evidence *worse = prefill.basis > decode.basis ? &prefill : &decode;
    es_slot_rates rates = {.half_tokens = es_lookup_half_tokens(&lookup),
                           .uses_matrix = is_family(rows, "llama.cpp") || is_family(rows, "ik_llama.cpp"),
                           .basis = (double)worse->basis,
                           .rows = worse->rows,
                           .sources = worse->sources,
                           .decode_low = exp(decode.log_low),
                           .decode_high = exp(decode.log_high),
                           .prefill_low = exp(prefill.log_low),
                           .prefill_high = exp(prefill.log_high)};
    for (int r = 0; r < ES_TYPED_RATES; r++)
        rates.least_inv_util[r] = HUGE_VAL;
    for (int r = 0; r < 2; r++)
        rates.inv_attn[r] = 1 / es_lookup_rate(&lookup, (es_rate)(ES_RATE_ATTN_UTIL + r), ES_TYPE_NONE, false).value;
    es_rate_found found[ES_SLOTS + 1][ES_TYPED_RATES];
    int types[ES_SLOTS + 1];
    const bool gguf = rows->precision->value[ES_P_KIND] == ES_PRECISION_GGUF;
    for (int i = ES_SLOTS; i >= 0; i--) {
        const int type = in[i] > ES_TYPE_NONE ? (int)in[i] : ES_TYPE_NONE;
        int like = ES_SLOTS; /* a slot of the type; experts have rates of their own, unused slots any */
        types[i] = type;
        lookup.setting.experts = i >= ES_EXPERT_SLOT && i < ES_SLOTS;
        if (type != ES_TYPE_NONE || !gguf)
            while (like > i &&
                   (types[like] != type || (like >= ES_EXPERT_SLOT && like < ES_SLOTS) != lookup.setting.experts))
                like--;
        for (int r = 0; r < ES_TYPED_RATES; r++) {
            found[i][r] = like > i ? found[like][r] : es_lookup_rate(&lookup, (es_rate)r, type, true);
            const double inverse = 1 / found[i][r].value;
            rates.inv_util[r][i] = inverse;
            /* slots without a type are unused, or the format is uniform */
            if ((type != ES_TYPE_NONE || i == ES_SLOTS) && inverse > 0 && inverse < rates.least_inv_util[r])
                rates.least_inv_util[r] = inverse;
            if (i == ES_SLOTS && found[i][r].own && rates.basis > ES_BASIS_DEVICE) /* the device's row says so */
                rates.basis = ES_BASIS_DEVICE;
        }
    }
    memcpy(out, &rates, sizeof rates);
}

const es_row *es_roofline_host_unit(const es_roofline_state *state, const es_rows *rows, double threads, double *gops) {
    const es_table *units = &state->catalog->table[ES_UNIT];
    es_slice rest = es_slice_of(rows->device->text[ES_D_HOST_UNIT]), part;
    const es_row *first = NULL;
    double cores = 0;
    *gops = 0;
    while (es_slice_part(&rest, '+', &part)) {
        es_unit_term term;
        const es_row *unit =
            es_unit_term_read(part, &term) ? es_table_find(units, term.name.text, term.name.length) : NULL;
        if (!unit)
            return NULL;
        const double *width = unit->value;
        *gops += term.count * term.ghz * /* NaN: without cores and clock bytes alone decide */
                 (!isnan(width[ES_U_INT8])   ? width[ES_U_INT8]
                  : !isnan(width[ES_U_FP16]) ? width[ES_U_FP16]
                                             : width[ES_U_FP32]);
        cores += term.count;
        first = first ? first : unit;
    }
    *gops *= threads < cores ? threads / cores : 1; /* NaN: all */
    return first;
}

void es_roofline_host(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_rows of = *rows;
    double gops;
    es_host host = {{0}};
    of.device = &state->board, of.unit = es_roofline_host_unit(state, rows, in[ES_SLOTS], &gops);
    const es_setting setting = {&of, NAN, in[ES_SLOTS + 1], NAN, false};
    es_lookup lookup;
    if (of.unit)
        es_lookup_start(&lookup, state->calibration, &setting);
    for (int i = 0; i < ES_SLOTS && gops > 0 && of.unit; i++) {
        const int type = in[i] > ES_TYPE_NONE ? (int)in[i] : ES_TYPE_NONE;
        lookup.setting.experts = i >= ES_EXPERT_SLOT;
        host.each[i] = 2 / (gops * 1e9 * es_lookup_rate(&lookup, ES_RATE_DECODE_UTIL, type, true).value);
    }
    memcpy(out, &host, sizeof host);
}

void es_roofline_loss(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_shape shape;
    es_uniform format;
    memcpy(&shape, in, sizeof shape);
    memcpy(&format, in + ES_SHAPE_SIZE, sizeof format);
    const bool gguf = rows->precision->value[ES_P_KIND] == ES_PRECISION_GGUF;
    es_loss loss = {.d = NAN, .body = NAN, .head = NAN, .embedding = NAN, .size = NAN, .level = NAN, .basis = NAN};
    if (has_layout(state, rows, &shape))
        loss = es_loss_of(state->qualities, rows->model, rows->precision,
                          gguf ? es_roofline_mixture(state, rows->precision) : NULL, &shape, &format,
                          es_roofline_quantizer(in));
    memcpy(out, &loss, sizeof loss);
}

void es_roofline_quality(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    const es_loss loss = {.d = in[0], .level = in[1], .basis = in[2]};
    const es_quality quality = es_quality_of(state->qualities, rows->model, es_roofline_question(in), &loss);
    memcpy(out, &quality, sizeof quality);
}

/* A draft model as the target's file type lays it out; experts of a step are those of one token. */
static void describe_draft(const es_roofline_state *state, const es_rows *rows, const es_row *model,
                           es_quantizer quantizer, es_draft *draft) {
    const es_arch *arch = &state->arch[model - state->models->rows];
    const es_shape shape = es_shape_of(model);
    const double *own = rows->precision->value;
    const es_uniform format = {own[ES_P_WEIGHT_BITS], own[ES_P_GROUP_SIZE], own[ES_P_SCALE_BITS],
                               own[ES_P_ZERO_BITS],   own[ES_P_EMBED_BITS], own[ES_P_OUTPUT_BITS]};
    es_layout layout;
    if (!es_roofline_covers(state, model, rows->precision))
        es_layout_none(&layout);
    else if (own[ES_P_KIND] == ES_PRECISION_GGUF)
        es_layout_gguf(state->gguf, es_roofline_mixture(state, rows->precision), quantizer, arch, &shape, &layout);
    else
        es_layout_uniform(&format, arch, &shape, &layout);
    const es_stack stack = es_stack_of(arch, &shape);
    draft->weight_bytes = layout.weight_bytes;
    draft->stream_bytes = layout.dense_bytes + layout.head_bytes + stack.active * layout.routed_bytes;
    draft->weights = layout.dense_weights + layout.head_weights + layout.routed_weights;
    draft->keys = stack.span[0].k + stack.span[1].k;
    draft->values = stack.span[0].v + stack.span[1].v;
    draft->state = stack.state;
    draft->layers = shape.layers;
}

/* The row of the kind, with experts or without, for the runtime's backend; else the one for any. */
static const es_row *draft_row(const es_roofline_state *state, const es_rows *rows, const char *kind, bool experts) {
    const es_table *table = &state->catalog->table[ES_DRAFT];
    const char *backend = rows->runtime && rows->runtime->text[ES_R_BACKEND] ? rows->runtime->text[ES_R_BACKEND] : "";
    const es_row *found = NULL;
    if (strncmp(backend, "mlx", 3) == 0)
        backend = "metal"; /* the same unit */
    for (size_t i = 0; i < table->n_rows; i++) {
        const es_row *row = &table->rows[i];
        const char *of = row->text[ES_DR_BACKEND];
        if (strcmp(row->text[ES_DR_KIND], kind) != 0 || row->text[ES_DR_TASK][0] ||
            (row->value[ES_DR_EXPERTS] > 0) != experts || strncmp(backend, of, strlen(of)) != 0)
            continue;
        if (!found || of[0])
            found = row;
    }
    return found;
}

const es_axis_word es_task_words[] = {{"any", 0},     {"chat", 1}, {"code", 2},        {"math", 3}, {"prose", 4},
                                      {"summary", 5}, {"qa", 6},   {"translation", 7}, {NULL, 0}};

/* Of the kind and the task, else of the kind. */
static double usual_acceptance(const es_roofline_state *state, const char *kind, double task) {
    const es_table *table = &state->catalog->table[ES_DRAFT];
    double found = NAN;
    for (size_t i = 0; i < table->n_rows; i++) {
        const es_row *row = &table->rows[i];
        const char *of = row->text[ES_DR_TASK];
        if (strcmp(row->text[ES_DR_KIND], kind) != 0 || isnan(row->value[ES_DR_ACCEPTANCE]))
            continue;
        if (of[0] && strcmp(of, es_task_words[(size_t)task].name) == 0)
            return row->value[ES_DR_ACCEPTANCE];
        if (!of[0] && isnan(found))
            found = row->value[ES_DR_ACCEPTANCE];
    }
    return found;
}

void es_roofline_draft(const void *state_, const es_rows *rows, const double *in, double *out) {
    static const char *const kinds[] = {"none", "mtp", "eagle", "lookup", "model"};
    const es_roofline_state *state = state_;
    const size_t number = (size_t)in[0], kind = number < ES_AXIS_FIRST_MODEL ? number : ES_AXIS_FIRST_MODEL;
    const es_row *row = in[0] > ES_DRAFT_NONE ? draft_row(state, rows, kinds[kind], in[1] > 1) : NULL;
    es_draft draft = {.cost = row ? row->value[ES_DR_COST] : NAN,
                      .acceptance = in[0] > ES_DRAFT_NONE ? usual_acceptance(state, kinds[kind], in[4]) : NAN};
    if (kind == ES_AXIS_FIRST_MODEL && number - ES_AXIS_FIRST_MODEL < state->models->n_rows)
        describe_draft(state, rows, &state->models->rows[number - ES_AXIS_FIRST_MODEL],
                       (es_quantizer){in[3], in[2] > 0}, &draft);
    memcpy(out, &draft, sizeof draft);
}

/* Boards of several sizes of memory draw alike: a row speaks for every device of its device's board. */
static bool is_of_board(const es_catalog *catalog, const es_row *level, const es_row *device) {
    const char *name = level->text[ES_W_DEVICE];
    const es_row *of = es_table_find(&catalog->table[ES_DEVICE], name, strlen(name));
    const char *board = of ? of->text[ES_D_BOARD] : name;
    return es_equal_fold(name, device->name) || (*board && es_equal_fold(board, device->text[ES_D_BOARD]));
}

static const es_row *level_at(const es_roofline_state *state, const es_rows *rows, double boundary, double threads) {
    const es_table *levels = &state->catalog->table[ES_POWER];
    const char *unit = rows->unit ? rows->unit->name : "";
    const es_row *found = NULL;
    for (size_t i = 0; i < levels->n_rows; i++) {
        const es_row *row = &levels->rows[i];
        if (row->value[ES_W_BOUNDARY] != boundary || !is_of_board(state->catalog, row, rows->device) ||
            (*row->text[ES_W_UNIT] && *unit && !es_equal_fold(row->text[ES_W_UNIT], unit)))
            continue;
        /* the threads asked for, else the most */
        if (!found || row->value[ES_W_THREADS] == threads ||
            (found->value[ES_W_THREADS] != threads && row->value[ES_W_THREADS] > found->value[ES_W_THREADS]))
            found = row;
    }
    return found;
}

const es_row *es_roofline_power_row(const void *state, const es_rows *rows, const double *in, double *boundary) {
    const bool any = in[0] == ES_BOUNDARY_ANY;
    *boundary = any ? ES_BOUNDARY_WALL : in[0];
    const es_row *row = level_at(state, rows, *boundary, in[1]);
    if (!any || row || in[2] > 0)
        return row;
    for (int other = ES_BOUNDARY_WALL + 1; other < ES_BOUNDARY_ANY && !row; other++)
        if ((row = level_at(state, rows, other, in[1])) != NULL)
            *boundary = other;
    return row;
}

void es_roofline_power(const void *state, const es_rows *rows, const double *in, double *out) {
    es_power_level level = {NAN, NAN, NAN, NAN, NAN};
    const es_row *row = es_roofline_power_row(state, rows, in, &level.boundary);
    if (row) {
        const double of = row->value[ES_W_THREADS], idle = row->value[ES_W_IDLE_W];
        level.decode_w = row->value[ES_W_DECODE_W];
        level.stream_gbs = row->value[ES_W_STREAM_GBS];
        level.time_share = row->value[ES_W_TIME_SHARE];
        level.idle_w = idle;
        if (in[1] < of && !isnan(idle)) /* NaN: all threads */
            level.decode_w = idle + (level.decode_w - idle) * in[1] / of;
        if (isnan(level.stream_gbs) || isnan(level.time_share)) {
            level.stream_gbs = 1; /* any: no share follows the bytes */
            level.time_share = 1;
        }
    }
    memcpy(out, &level, sizeof level);
}
