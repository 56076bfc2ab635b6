#include "model/roofline_blocks.h"

#include <math.h>
#include <string.h>

static es_status find_mixtures(es_roofline_state *state, es_arena *arena, es_errors *errors) {
    size_t n = state->precisions->n_rows;
    state->mixture = es_arena_array(arena, 2 * n + 1, sizeof *state->mixture);
    if (state->mixture == NULL)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++) {
        state->mixture[i] = es_gguf_mixture(state->gguf, state->precisions->rows[i].name, false);
        state->mixture[n + i] = es_gguf_mixture(state->gguf, state->precisions->rows[i].name, true);
    }
    return ES_OK;
}

es_status es_roofline_prepare(const es_catalog *catalog, es_arena *arena, const void **result, es_errors *errors) {
    es_roofline_state *state = es_arena_alloc(arena, sizeof *state);
    if (state == NULL)
        return es_fail_memory(errors);
    state->catalog = catalog;
    state->precisions = &catalog->table[ES_PRECISION];
    es_status status = es_gguf_compile(catalog, arena, &state->gguf, errors);
    if (status == ES_OK)
        status = find_mixtures(state, arena, errors);
    if (status == ES_OK)
        status = es_calibration_compile(catalog, state->gguf, arena, &state->calibration, errors);
    if (status == ES_OK)
        status = es_qualities_compile(catalog, arena, &state->qualities, errors);
    *result = state;
    return status;
}

static const es_mixture *mixture_of(const es_roofline_state *state, const es_row *model, const es_row *precision) {
    size_t index = (size_t)(precision - state->precisions->rows);
    if ((es_family)model->value[ES_M_FAMILY] == ES_FAMILY_FALCON)
        index += state->precisions->n_rows;
    return state->mixture[index];
}

bool es_roofline_covers(const void *state, const es_row *model, const es_row *precision) {
    return precision->value[ES_P_KIND] != ES_PRECISION_GGUF || mixture_of(state, model, precision) != NULL;
}

void es_roofline_layout(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_shape shape;
    es_uniform format;
    es_layout layout;
    memcpy(&shape, in, sizeof shape);
    memcpy(&format, in + ES_SHAPE_SIZE, sizeof format);
    if (!es_roofline_covers(state, rows->model, rows->precision) ||
        (shape.n_experts > 0 && shape.n_active > shape.n_experts))
        es_layout_none(&layout);
    else if (rows->precision->value[ES_P_KIND] != ES_PRECISION_GGUF)
        es_layout_uniform(&format, &shape, &layout);
    else
        es_layout_gguf(state->gguf, mixture_of(state, rows->model, rows->precision),
                       (es_family)rows->model->value[ES_M_FAMILY], &shape, &layout);
    memcpy(out, &layout, sizeof layout);
}

/* NaN when the rate only comes from the class. */
static double own_rate(const es_rates_of *rates, es_rate rate) {
    es_basis basis;
    double value = es_rate_get(rates, rate, ES_TYPE_NONE, &basis);
    return basis == ES_BASIS_CLASS ? NAN : value;
}

static double any_rate(const es_rates_of *rates, es_rate rate) {
    es_basis basis;
    return es_rate_get(rates, rate, ES_TYPE_NONE, &basis);
}

/* Utilizations above 1 would beat the device's peak: cut.  NaN stays. */
static double inverse_util(double util) { return util >= 1 ? 1 : 1 / util; }

void es_roofline_device_rates(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    (void)in;
    es_rates_of of = es_rates_find(state->calibration, rows->device, rows->calibrated_as, rows->precision);
    es_device_rates rates = {
        .inv_mem_util = inverse_util(any_rate(&of, ES_RATE_MEM_UTIL)),
        .inv_decode_util = inverse_util(any_rate(&of, ES_RATE_DECODE_UTIL)),
        .inv_prefill_util = inverse_util(any_rate(&of, ES_RATE_PREFILL_UTIL)),
        .inv_attn_util = inverse_util(any_rate(&of, ES_RATE_ATTN_UTIL)),
        .inv_prefill_attn_util = inverse_util(any_rate(&of, ES_RATE_PREFILL_ATTN_UTIL)),
        .token_overhead_ms = any_rate(&of, ES_RATE_TOKEN_OVERHEAD),
        .layer_overhead_ms = any_rate(&of, ES_RATE_LAYER_OVERHEAD),
        .pj_per_flop_own = own_rate(&of, ES_RATE_PJ_PER_FLOP),
        .pj_per_flop_class = any_rate(&of, ES_RATE_PJ_PER_FLOP),
        .pj_per_byte_own = own_rate(&of, ES_RATE_PJ_PER_BYTE),
        .pj_per_byte_class = any_rate(&of, ES_RATE_PJ_PER_BYTE),
        .pj_per_storage_byte = any_rate(&of, ES_RATE_PJ_PER_STORAGE_BYTE),
        .idle_w_own = own_rate(&of, ES_RATE_IDLE_W),
        .idle_w_class = any_rate(&of, ES_RATE_IDLE_W),
        .load_w_own = own_rate(&of, ES_RATE_LOAD_W),
        .load_w_class = any_rate(&of, ES_RATE_LOAD_W),
        .net_bw_mbps = any_rate(&of, ES_RATE_NET_BW),
        .storage_util = any_rate(&of, ES_RATE_STORAGE_UTIL),
        .h2d_util = any_rate(&of, ES_RATE_H2D_UTIL),
        .net_util = any_rate(&of, ES_RATE_NET_UTIL),
    };
    memcpy(out, &rates, sizeof rates);
}

typedef struct typed_rates {
    double inverse[ES_TYPED_RATES];
    es_basis basis;
} typed_rates;

static typed_rates rates_of_type(const es_rates_of *of, int type) {
    typed_rates rates = {.basis = ES_BASIS_CLASS};
    for (int i = 0; i < ES_TYPED_RATES; i++) {
        es_basis basis;
        rates.inverse[i] = inverse_util(es_rate_get(of, (es_rate)i, type, &basis));
        rates.basis = basis < rates.basis ? basis : rates.basis;
    }
    return rates;
}

static double smaller(double a, double b) { return a < b ? a : b; }

static void note_least(es_slot_rates *rates, const typed_rates *own) {
    rates->least_inv_mem_util = smaller(rates->least_inv_mem_util, own->inverse[ES_RATE_MEM_UTIL]);
    rates->least_inv_decode_util = smaller(rates->least_inv_decode_util, own->inverse[ES_RATE_DECODE_UTIL]);
    rates->least_inv_prefill_util = smaller(rates->least_inv_prefill_util, own->inverse[ES_RATE_PREFILL_UTIL]);
}

void es_roofline_slot_rates(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_rates_of of = es_rates_find(state->calibration, rows->device, rows->calibrated_as, rows->precision);
    es_slot_rates rates = {
        .least_inv_mem_util = HUGE_VAL, .least_inv_decode_util = HUGE_VAL, .least_inv_prefill_util = HUGE_VAL};
    typed_rates untyped = rates_of_type(&of, ES_TYPE_NONE);
    for (int i = 0; i <= ES_SLOTS; i++) {
        int type = in[i] > ES_TYPE_NONE ? (int)in[i] : ES_TYPE_NONE; /* NaN: no layout */
        typed_rates own = type == ES_TYPE_NONE ? untyped : rates_of_type(&of, type);
        if (type != ES_TYPE_NONE || i == ES_SLOTS) /* slots without a type are unused, or the format is uniform */
            note_least(&rates, &own);
        if (i == ES_SLOTS) {
            rates.main_inv_mem_util = own.inverse[ES_RATE_MEM_UTIL];
            rates.main_inv_prefill_util = own.inverse[ES_RATE_PREFILL_UTIL];
            rates.basis = own.basis;
            break;
        }
        rates.inv_mem_util[i] = own.inverse[ES_RATE_MEM_UTIL];
        rates.inv_decode_util[i] = own.inverse[ES_RATE_DECODE_UTIL];
        rates.inv_prefill_util[i] = own.inverse[ES_RATE_PREFILL_UTIL];
    }
    memcpy(out, &rates, sizeof rates);
}

void es_roofline_quality(const void *state_, const es_rows *rows, const double *in, double *out) {
    const es_roofline_state *state = state_;
    es_quality quality = es_quality_of(state->qualities, rows->model, rows->precision, in[0], in[1]);
    memcpy(out, &quality, sizeof quality);
}
