#include "commands/doubts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/points.h"
#include "grid/plan.h"

enum { POINTS_TRIED = 4096, NAMES_SHOWN = 4 };

/* A warning of the kernel: the axis whose rows it is about, and those it was seen at. */
typedef struct doubt {
    const char *text;
    size_t node, axis;
    bool *seen; /* by coordinate on the axis */
    size_t n_seen;
    uint64_t first; /* point */
} doubt;

static unsigned reads_of_entity(es_kind entity) {
    return entity == ES_DEVICE ? ES_READS_DEVICE : entity == ES_MODEL ? ES_READS_MODEL : ES_READS_PRECISION;
}

/* Which rows a node's value comes from, given that of the nodes before it. */
static unsigned reads_of_node(const es_kernel *kernel, const es_node *node, const unsigned *reads) {
    const uint16_t *in = node->in;
    size_t n_in = node->n_in;
    unsigned found = 0;
    if (node->kind <= ES_NODE_ROW)
        return reads_of_entity(node->entity);
    if (node->kind == ES_NODE_BLOCK) {
        found = kernel->blocks[node->index].reads;
        in = kernel->blocks[node->index].in;
        n_in = kernel->blocks[node->index].n_in;
    }
    for (size_t i = 0; (node->kind == ES_NODE_BLOCK || node->kind == ES_NODE_FN) && i < n_in; i++)
        found |= reads[in[i]];
    return found;
}

static size_t count_doubts(const es_kernel *kernel) {
    size_t n = 0;
    for (size_t i = 0; i < kernel->n_nodes; i++)
        n += (kernel->nodes[i].flags & ES_WARNING) != 0;
    return n;
}

/* Fills list[n] and gives each doubt its part of `seen`, which has room for every row per doubt. */
static void list_doubts(const es_sweep *sweep, unsigned *reads, bool *seen, doubt *list) {
    const es_kernel *kernel = sweep->kernel;
    for (size_t i = 0, n = 0; i < kernel->n_nodes; i++) {
        reads[i] = reads_of_node(kernel, &kernel->nodes[i], reads);
        if (!(kernel->nodes[i].flags & ES_WARNING))
            continue;
        es_kind entity = reads[i] & ES_READS_DEVICE ? ES_DEVICE : reads[i] & ES_READS_MODEL ? ES_MODEL : ES_PRECISION;
        size_t axis = (size_t)sweep->plan->entity_axis[entity];
        list[n++] = (doubt){.text = kernel->nodes[i].help, .node = i, .axis = axis, .seen = seen};
        seen += sweep->axes[axis].n;
    }
}

static void look_at(const es_sweep *sweep, uint64_t index, const double *value, doubt *list, size_t n) {
    size_t at[ES_MAX_AXES];
    es_sweep_coordinates(sweep, index, at);
    for (size_t i = 0; i < n; i++) {
        bool *seen = &list[i].seen[at[list[i].axis]];
        if (!(value[list[i].node] > 0) || *seen)
            continue;
        *seen = true;
        if (!list[i].n_seen++)
            list[i].first = index;
    }
}

/* All points of a small grid, else some that are spread evenly. */
static es_status look(const es_sweep *sweep, double *value, doubt *list, size_t n, es_errors *errors) {
    bool all = sweep->n_points <= POINTS_TRIED;
    uint64_t tries = all ? sweep->n_points : POINTS_TRIED;
    es_status status = ES_OK;
    for (uint64_t k = 0; k < tries && !status; k++) {
        uint64_t index = all ? k : es_spread_index(sweep, k);
        status = es_sweep_point(sweep, index, value, errors);
        if (!status && es_conditions_hold(sweep, value))
            look_at(sweep, index, value, list, n);
    }
    return status;
}

static void warn_of(const es_sweep *sweep, const doubt *d, es_errors *errors) {
    const es_axis *axis = &sweep->axes[d->axis];
    char names[256] = "";
    size_t used = 0, shown = 0;
    for (size_t i = 0; i < axis->n && shown < NAMES_SHOWN; i++) {
        if (!d->seen[i])
            continue;
        int n = snprintf(names + used, sizeof names - used, "%s'%s'", shown ? ", " : "",
                         es_quote_text(axis->row[i]->name).text);
        if (n < 0 || (size_t)n >= sizeof names - used)
            break;
        used += (size_t)n;
        shown++;
    }
    es_warn(errors, NULL, "%s: %zu %s%s, %s%s; explain --index %llu shows one", d->text, d->n_seen, axis->name,
            d->n_seen == 1 ? "" : "s", names, shown < d->n_seen ? " ..." : "", (unsigned long long)d->first);
}

static bool goes_by_answers(const es_sweep *sweep, const es_objective *objective, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *name = sweep->columns[objective[i].column].name;
        if (strncmp(name, "answer_", 7) == 0 || strstr(name, "per_solved"))
            return true;
    }
    return false;
}

/* What an answer costs decides between models, and all of them are taken to need as many tokens for it. */
static void warn_of_equal_answers(const es_sweep *sweep, es_errors *errors) {
    const int models = sweep->plan->entity_axis[ES_MODEL];
    bool equal = false;
    for (size_t a = 0; a < sweep->n_axes; a++)
        equal |= sweep->axes[a].role == ES_AXIS_WORKLOAD && strcmp(sweep->axes[a].name, "tokens_per_answer") == 0;
    if (equal && models >= 0 && sweep->axes[models].n > 1 &&
        (goes_by_answers(sweep, sweep->best.objective, sweep->best.given ? sweep->best.n_objectives : 0) ||
         goes_by_answers(sweep, sweep->front.objective, sweep->front.given ? sweep->front.n_objectives : 0)))
        es_warn(
            errors, NULL,
            "tokens_per_answer is the same for all models, which favours small ones: what each of them needs is not "
            "in the sweep");
}

es_status es_warn_doubts(const es_sweep *sweep, es_errors *errors) {
    warn_of_equal_answers(sweep, errors);
    size_t n = count_doubts(sweep->kernel), rows = 0;
    if (!n || !sweep->n_points)
        return ES_OK;
    for (es_kind entity = ES_MODEL; entity <= ES_PRECISION; entity++)
        rows += sweep->axes[sweep->plan->entity_axis[entity]].n;
    doubt *list = calloc(n, sizeof *list);
    bool *seen = calloc(n, rows);
    unsigned *reads = calloc(sweep->kernel->n_nodes, sizeof *reads);
    double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
    bool ok = list && seen && reads && value;
    es_status status = ok ? ES_OK : es_fail_memory(errors);
    if (ok) {
        list_doubts(sweep, reads, seen, list);
        status = look(sweep, value, list, n, errors);
    }
    for (size_t i = 0; ok && !status && i < n; i++)
        if (list[i].n_seen)
            warn_of(sweep, &list[i], errors);
    free(list), free(seen), free(reads), free(value);
    return status;
}
