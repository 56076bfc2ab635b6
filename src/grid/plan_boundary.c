/* One boundary of power in one comparison: W at the wall and W of a chip differ by 1.4 to 4 times on the same board. */
#include <stdlib.h>
#include <string.h>

#include "grid/plan.h"

bool es_plan_follows(const es_sweep *sweep, int column, int node) {
    const es_plan *plan = sweep->plan;
    bool *follows = calloc(plan->n_nodes + 1, sizeof *follows);
    if (!follows)
        return false;
    es_kernel_followers(plan->kernel, node, follows);
    for (size_t i = plan->kernel->n_nodes; i < plan->n_nodes; i++) /* those of the user */
        for (size_t k = 0; plan->node[i].kind == ES_PNODE_FN && k < plan->node[i].n_in; k++)
            follows[i] |= follows[plan->node[i].in[k]];
    const bool found = follows[sweep->columns[column].node];
    free(follows);
    return found;
}

/* Whether rows of several devices, or boundaries, are compared by a column that follows the boundary. */
static bool compares(const es_sweep *sweep, int asked, const es_objective *objective, size_t n, const int *by,
                     size_t n_by) {
    bool found = false;
    for (size_t i = 0; i < n_by; i++)
        if (strcmp(sweep->columns[by[i]].name, "device") == 0 ||
            strcmp(sweep->columns[by[i]].name, "power_boundary") == 0)
            return false;
    for (size_t i = 0; i < n && !found; i++)
        found = es_plan_follows(sweep, objective[i].column, asked);
    return found;
}

/* The boundary of each device of the sweep: how many have each; ES_BOUNDARY_ANY: none. */
static es_status count_boundaries(const es_sweep *sweep, int node, size_t *n, es_errors *errors) {
    const int axis = sweep->plan->entity_axis[ES_DEVICE];
    double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
    es_status status = value ? ES_OK : es_fail_memory(errors);
    size_t coordinate[ES_MAX_AXES] = {0};
    for (size_t i = 0; i < sweep->axes[axis].n && !status; i++) {
        coordinate[axis] = i;
        status = es_sweep_point(sweep, es_sweep_index(sweep, coordinate), value, errors);
        if (!status)
            n[es_is_missing(value[node]) ? ES_BOUNDARY_ANY : (size_t)value[node]]++;
    }
    free(value);
    return status;
}

es_status es_plan_boundary(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    const int asked = es_kernel_node(sweep->kernel, "boundary_asked", strlen("boundary_asked"));
    const int node = es_kernel_node(sweep->kernel, "power_boundary", strlen("power_boundary"));
    const es_front_spec *front = &sweep->front;
    const es_best_spec *best = &sweep->best;
    if (asked < 0 || node < 0 || es_spec_find(spec, ES_SEC_SWEEP, "boundary") || !sweep->n_points)
        return ES_OK;
    const bool in_front = compares(sweep, asked, front->objective, front->n_objectives, front->by, front->n_by);
    if (!in_front && !compares(sweep, asked, best->objective, best->n_objectives, best->by, best->n_by))
        return ES_OK;
    size_t n[ES_BOUNDARY_ANY + 1] = {0};
    const es_status status = count_boundaries(sweep, node, n, errors);
    if (status)
        return status;
    int chosen = ES_BOUNDARY_WALL, found = 0;
    for (int b = ES_BOUNDARY_WALL; b < ES_BOUNDARY_ANY; b++) {
        found += n[b] > 0;
        if (n[ES_BOUNDARY_WALL] == 0 && n[b] > n[chosen])
            chosen = b;
    }
    if (found < 2)
        return ES_OK;
    sweep->plan->node[asked].constant = chosen;
    const char *const *names = sweep->kernel->nodes[node].labels;
    const size_t others =
        n[ES_BOUNDARY_WALL] + n[ES_BOUNDARY_MODULE] + n[ES_BOUNDARY_RAIL] + n[ES_BOUNDARY_SOC_ESTIMATE] - n[chosen];
    es_warn(errors, in_front ? &front->at : &best->at,
            "energies are compared at one boundary, %s; %zu device%s known at others only and left out (by = device "
            "keeps devices apart, boundary = any compares them all the same: help boundary)",
            names[chosen], others, others == 1 ? " is" : "s are");
    return ES_OK;
}
