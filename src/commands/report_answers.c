#include "commands/report_answers.h"

#include <math.h>
#include <string.h>

#include "analysis/inputs.h"
#include "commands/left_out.h"

/* A page that can be read. */
enum { CHOICES = 100, EFFECTS = 10, METRICS = ES_MAX_OBJECTIVES + 4 };

/* The numbers that are looked at: the objectives, and those that people ask for. */
static size_t find_metrics(const es_sweep *sweep, int *column) {
    static const char *const asked[] = {"decode_tok_s", "ttft_s", "energy_j_per_token", "end_to_end_ms"};
    size_t n = 0;
    for (size_t i = 0; i < sweep->best.n_objectives; i++)
        column[n++] = sweep->best.objective[i].column;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const int found = es_sweep_column(sweep, asked[i], strlen(asked[i]));
        bool known = found < 0;
        for (size_t k = 0; k < n; k++)
            known |= column[k] == found;
        if (!known)
            column[n++] = found;
    }
    return n;
}

/* Raspberry Pi 5 8GB: Qwen2.5-3B, IQ4_XS */
static const char *name_choice(const es_varied *v, es_arena *arena) {
    const es_row *runtime = v->rows.runtime;
    return es_arena_printf(arena, "%s: %s, %s%s%s", v->rows.device->name, v->rows.model->name, v->rows.precision->name,
                           runtime ? ", " : "", runtime ? runtime->name : "");
}

/* The strongest inputs of each metric of the point. */
static es_status add_answers(es_report_options *options, es_report_answer *answer, const es_sweep *sweep,
                             uint64_t index, es_arena *arena, es_errors *errors) {
    int column[METRICS];
    uint16_t node[METRICS];
    es_varied v;
    const size_t n = find_metrics(sweep, column);
    es_status status = es_varied_make(&v, sweep, index, arena, errors);
    if (status)
        return status;
    for (size_t k = 0; k < n; k++)
        node[k] = (uint16_t)sweep->columns[column[k]].node;
    const char *choice = name_choice(&v, arena);
    es_ranked *list = es_arena_array(arena, n * v.n_inputs + 1, sizeof *list);
    if (!choice || !list)
        return es_fail_memory(errors);
    status = es_rank_inputs(&v, node, n, list, errors);
    for (size_t k = 0; k < n && !status; k++) {
        const es_ranked *ranked = list + k * v.n_inputs;
        es_report_effect *effect = es_arena_array(arena, EFFECTS, sizeof *effect);
        const char *metric = es_arena_text(arena, es_slice_of(sweep->columns[column[k]].name));
        if (!effect || !metric)
            return es_fail_memory(errors);
        size_t shown = 0;
        for (size_t i = 0; i < v.n_inputs && shown < EFFECTS && es_elasticity_size(&ranked[i].e) >= ES_NOTICED; i++) {
            effect[shown++] = (es_report_effect){ranked[i].input->name, ranked[i].input->unit, ranked[i].input->value,
                                                 es_elasticity_shown(&ranked[i].e)};
        }
        if (shown)
            answer[options->n_answers++] = (es_report_answer){choice, metric, v.base[node[k]], effect, shown};
    }
    return status;
}

static es_status add_absent(es_report_options *options, const es_sweep *sweep, const es_run_report *run,
                            es_arena *arena, es_errors *errors) {
    es_listing listing = {0};
    es_status status = es_left_out(sweep, run, &listing, &options->n_absent, errors);
    const size_t rows = listing.n_columns ? listing.n_cells / listing.n_columns - 1 : 0;
    es_report_absent *absent = es_arena_array(arena, rows + 1, sizeof *absent);
    if (!status && (listing.failed || !absent))
        status = es_fail_memory(errors);
    for (size_t r = 0; r < rows && !status; r++) {
        const es_listing_text *cell = listing.cell + (r + 1) * listing.n_columns;
        absent[r] = (es_report_absent){es_arena_text(arena, es_slice_of(cell[0].text)),
                                       es_arena_text(arena, es_slice_of(cell[1].text)),
                                       es_arena_text(arena, es_slice_of(cell[2].text))};
        if (!absent[r].name || !absent[r].why || !absent[r].nearest)
            status = es_fail_memory(errors);
    }
    options->absent = absent;
    es_listing_free(&listing);
    return status;
}

es_status es_report_answers(es_report_options *options, const es_sweep *sweep, const es_run_report *run,
                            es_arena *arena, es_errors *errors) {
    if (!sweep->best.given)
        return ES_OK;
    const size_t choices = run->n_best < CHOICES ? run->n_best : CHOICES;
    es_report_answer *answer = es_arena_array(arena, choices * METRICS + 1, sizeof *answer);
    es_status status = answer ? ES_OK : es_fail_memory(errors);
    options->answer = answer;
    for (size_t i = 0; i < choices && !status; i++)
        status = add_answers(options, answer, sweep, run->best[i].index, arena, errors);
    return status ? status : add_absent(options, sweep, run, arena, errors);
}
