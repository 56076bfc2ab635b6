/* Pairs of a model and a precision: those that the catalogs say too little about. */
#include "grid/plan.h"

/* The first model of the sweep that the kernel covers, or fails to cover, with this precision; NULL: none. */
static const es_row *first_model(const es_sweep *sweep, const es_row *precision, bool covered, bool named) {
    const es_plan *plan = sweep->plan;
    const es_axis *models = &sweep->axes[plan->entity_axis[ES_MODEL]];
    for (size_t i = 0; i < models->n; i++)
        if (plan->kernel->covers(plan->state, models->row[i], precision) == covered &&
            (!named || plan->named_at[ES_MODEL][i]))
            return models->row[i];
    return NULL;
}

/* A precision that was named is refused when a model that was named, or every model, lacks it.  What globs catch stays
 * in the grid, with empty cells. */
es_status es_plan_pairs(const es_sweep *sweep, es_errors *errors) {
    const es_plan *plan = sweep->plan;
    const es_axis *precisions = &sweep->axes[plan->entity_axis[ES_PRECISION]];
    es_status status = ES_OK;
    for (size_t i = 0; plan->kernel->covers && i < precisions->n; i++) {
        const es_row *precision = precisions->row[i];
        const es_origin *at = plan->named_at[ES_PRECISION][i];
        if (!at)
            continue;
        const es_row *model = first_model(sweep, precision, false, first_model(sweep, precision, true, false) != NULL);
        if (model)
            status = es_fail(errors, ES_EUSAGE, at, "%s '%s': '%s'", plan->kernel->lacking,
                             es_quote_text(model->name).text, es_quote_text(precision->name).text);
    }
    return status;
}
