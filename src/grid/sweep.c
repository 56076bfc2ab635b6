/* Loading a sweep. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include <edgesweep/sweep.h>

#include "grid/plan.h"

/* ---- kernel ---- */

static es_status choose_kernel(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    const es_entry *entry = es_spec_find(spec, ES_SEC_SWEEP, "kernel");
    es_slice name = entry ? entry->value : es_slice_of(es_kernel_at(es_kernel_count() - 1)->name);
    sweep->kernel = sweep->plan->kernel = es_kernel_find(name.text, name.length);
    if (sweep->kernel)
        return ES_OK;
    const char *names[8];
    size_t n = 0;
    for (; n < es_kernel_count(); n++)
        names[n] = es_kernel_at(n)->name;
    const char *near = es_nearest(name, names, n);
    return es_fail(errors, ES_EUSAGE, &entry->value_at, "unknown kernel: '%s'; %s%s%s", es_quote(name).text,
                   near ? "did you mean '" : "see 'edgesweep list kernels", near ? near : "", near ? "'?" : "'");
}

/* ---- grid hash ---- */

static void hash_text(XXH64_state_t *state, const char *text) { XXH64_update(state, text, strlen(text) + 1); }

static void hash_axis(XXH64_state_t *state, const es_axis *axis) {
    hash_text(state, axis->name);
    uint64_t n = axis->n, factor = axis->factor;
    XXH64_update(state, &n, sizeof n);
    XXH64_update(state, &factor, sizeof factor);
    if (axis->value)
        XXH64_update(state, axis->value, axis->n * sizeof(double));
    for (size_t i = 0; i < axis->n; i++) {
        if (axis->row)
            hash_text(state, axis->row[i]->name);
    }
}

static void hash_objectives(XXH64_state_t *state, const es_sweep *sweep, const es_objective *objective, size_t n,
                            const int *by, size_t n_by) {
    for (size_t i = 0; i < n; i++) {
        hash_text(state, objective[i].maximize ? "max" : "min");
        hash_text(state, sweep->columns[objective[i].column].name);
    }
    for (size_t i = 0; i < n_by; i++)
        hash_text(state, sweep->columns[by[i]].name);
}

/* What decides the bytes of the output: kernel, options, axes, catalogs, conditions, columns and questions. */
static es_status hash_sweep(es_sweep *sweep, es_errors *errors) {
    XXH64_state_t *state = XXH64_createState();
    if (!state)
        return es_fail_memory(errors);
    XXH64_reset(state, 0);
    hash_text(state, sweep->kernel->name);
    XXH64_update(state, &sweep->catalog->hash, sizeof sweep->catalog->hash);
    for (size_t a = 0; a < sweep->n_axes; a++)
        hash_axis(state, &sweep->axes[a]);
    const es_plan *plan = sweep->plan;
    if (plan->runtime_axis >= 0)
        XXH64_update(state, plan->runtime_number,
                     sweep->axes[plan->entity_axis[ES_DEVICE]].n * sweep->axes[plan->runtime_axis].n * sizeof(double));
    if (plan->runs)
        XXH64_update(state, plan->runs,
                     sweep->axes[plan->entity_axis[ES_DEVICE]].n * sweep->axes[plan->runtime_axis].n *
                         sweep->axes[plan->entity_axis[ES_PRECISION]].n);
    for (size_t i = 0; i < sweep->kernel->n_nodes; i++)
        if (sweep->kernel->nodes[i].kind == ES_NODE_OPTION)
            XXH64_update(state, &sweep->plan->node[i].constant, sizeof(double));
    for (size_t i = 0; i < sweep->n_conditions; i++)
        hash_text(state, sweep->condition[i]);
    for (size_t i = 0; i < sweep->plan->n_tied; i++) {
        hash_text(state, sweep->plan->tied[i].name);
        hash_text(state, sweep->plan->tied[i].formula);
    }
    for (size_t i = 0; i < sweep->plan->n_metrics; i++) {
        hash_text(state, sweep->plan->metric[i].name);
        hash_text(state, sweep->plan->metric[i].formula);
    }
    for (size_t i = 0; i < sweep->n_output; i++)
        hash_text(state, sweep->columns[sweep->output[i]].name);
    const es_front_spec *front = &sweep->front;
    const es_best_spec *best = &sweep->best;
    hash_objectives(state, sweep, front->objective, front->n_objectives, front->by, front->n_by);
    hash_objectives(state, sweep, best->objective, best->n_objectives, best->by, best->n_by);
    if (best->given)
        hash_text(state, sweep->columns[best->pick].name);
    sweep->hash = XXH64_digest(state);
    XXH64_freeState(state);
    return ES_OK;
}

/* ---- loading ---- */

static es_status plan_sweep(es_sweep *sweep, const es_spec *spec, const char *const *wheres, size_t n_wheres,
                            es_errors *errors) {
    es_status status = es_plan_axes(sweep, spec, errors);
    if (!status)
        status = es_plan_nodes(sweep, spec, errors);
    if (!status)
        status = es_plan_left_out(sweep, errors);
    if (!status)
        status = es_plan_pairs(sweep, errors);
    if (!status)
        status = es_plan_columns(sweep, spec, errors);
    if (!status)
        status = es_plan_metrics(sweep, spec, errors);
    if (!status)
        status = es_plan_questions(sweep, spec, wheres, n_wheres, errors);
    if (!status)
        status = es_plan_boundary(sweep, spec, errors);
    if (!status)
        status = hash_sweep(sweep, errors);
    return status;
}

es_status es_sweep_load(es_sweep **result, const es_catalog *catalog, const char *path, const char *const *sets,
                        size_t n_sets, const char *const *wheres, size_t n_wheres, es_errors *errors) {
    return es_sweep_load_text(result, catalog, path, NULL, sets, n_sets, wheres, n_wheres, errors);
}

es_status es_sweep_load_text(es_sweep **result, const es_catalog *catalog, const char *path, const char *text,
                             const char *const *sets, size_t n_sets, const char *const *wheres, size_t n_wheres,
                             es_errors *errors) {
    *result = NULL;
    es_sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep || !(sweep->plan = calloc(1, sizeof *sweep->plan))) {
        free(sweep);
        return es_fail_memory(errors);
    }
    sweep->catalog = catalog;
    es_spec spec;
    es_arena *arena = &sweep->plan->arena;
    es_status status = es_spec_read(&spec, path, text, sets, n_sets, arena, errors);
    bool unread = status && spec.section[ES_SEC_SWEEP].count == 0; /* defaults would only add noise */
    if (!unread) {
        es_status one = choose_kernel(sweep, &spec, errors);
        status = status ? status : one;
        if (!one)
            one = plan_sweep(sweep, &spec, wheres, n_wheres, errors);
        status = status ? status : one;
    }
    if (!status && !(sweep->text = es_spec_text(&spec, wheres, n_wheres, arena)))
        status = es_fail_memory(errors);
    es_spec_free(&spec);
    if (status)
        es_sweep_free(sweep);
    else
        *result = sweep;
    return status;
}

void es_sweep_free(es_sweep *sweep) {
    if (!sweep)
        return;
    es_arena_free(&sweep->plan->arena);
    free(sweep->plan);
    free(sweep);
}
