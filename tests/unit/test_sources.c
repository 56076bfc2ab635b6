/* What explain names as the sources of a value: exactly the rows whose change changes it. */
#include "point_help.h"

#include "model/calibrated.h"
#include "model/quality.h"
#include "model/roofline_blocks.h"
#include "rounds.h"

TestSuite(sources, .init = set_up, .fini = tear_down);

enum { EVERY = SLOW_BUILD ? 7 : 1 }; /* of the rows of a catalog is changed */
enum { POINTS = 60, MAX_OUTPUTS = 256 };

typedef struct example {
    es_rows rows;
    double *value;           /* of all nodes */
    double out[MAX_OUTPUTS]; /* of the block that is looked at */
} example;

static example examples[POINTS];
static size_t moved; /* outputs, by any row */

static const es_row *any_row(es_kind kind) {
    const es_table *table = &catalog.table[kind];
    return &table->rows[(size_t)(uniform_deviate() * (double)table->n_rows)];
}

/* Every other one has measured losses, which few models do. */
static const es_row *any_model(int i) {
    const es_row *model = NULL;
    while (i % 2 == 1 && !model) { /* rows of models without one stay in the catalog of losses */
        const char *name = any_row(ES_LOSS)->text[ES_Q_MODEL];
        model = es_table_find(&catalog.table[ES_MODEL], name, strlen(name));
    }
    return model ? model : any_row(ES_MODEL);
}

static void choose_examples(void) {
    double workload[ES_MAX_INPUTS];
    for (size_t k = 0; k < sizeof workload / sizeof *workload; k++)
        workload[k] = NAN;
    for (int i = 0; i < POINTS;) {
        example *e = &examples[i];
        e->rows = es_point_rows(&point, any_model(i), any_row(ES_DEVICE), any_row(ES_PRECISION));
        e->rows.runtime = any_row(ES_RUNTIME);
        if (es_point_missing(&point, &e->rows))
            continue;
        e->value = es_arena_array(&arena, point.kernel->n_nodes, sizeof *e->value);
        es_point_evaluate(&point, &e->rows, workload, e->value);
        i++;
    }
}

static void evaluate(const es_point_kernel *kernel, const es_block *block, const example *e, double *in, double *out) {
    for (size_t k = 0; k < block->n_in; k++)
        in[k] = e->value[block->in[k]];
    block->fn(kernel->state, &e->rows, in, out);
}

static bool is_listed(const es_block *block, const example *e, const double *in, size_t output, const es_row *row,
                      int field) {
    es_source list[ES_MAX_SOURCES];
    const size_t n = block->sources(point.state, &e->rows, in, output, list);
    for (size_t i = 0; i < n; i++)
        if (list[i].row == row && list[i].field == field)
            return true;
    return false;
}

/* Outputs computed from other outputs of the block name no rows; explain shows their formulas.  The level of a model also
 * rests on the distortions, which the formula names. */
static bool names_rows(const es_block *block, size_t output, es_kind kind) {
    bool read = false;
    for (size_t i = 0; i < point.kernel->n_nodes; i++) {
        const es_node *node = &point.kernel->nodes[i];
        read |= node->kind == ES_NODE_BLOCK && node->output == output && &point.kernel->blocks[node->index] == block;
    }
    if (!read)
        return false;
    if (strcmp(block->name, "type rates") == 0)
        return output < offsetof(es_slot_rates, least_inv_util) / sizeof(double);
    if (strcmp(block->name, "quality") == 0)
        return output == offsetof(es_quality, score) / sizeof(double);
    if (strcmp(block->name, "loss") != 0)
        return true;
    if (kind == ES_LOSS)
        return output == offsetof(es_loss, level) / sizeof(double);
    return output >= offsetof(es_loss, body) / sizeof(double) &&
           output <= offsetof(es_loss, embedding) / sizeof(double);
}

/* Models at chance: all their scores are listed, the value is that of one.  A type that is not known at all hides what the
 * others beside it would change. */
static bool is_hidden(const es_block *block, const es_row *model, const double *in, const double *out) {
    if (strcmp(block->name, "loss") == 0)
        return isnan(out[offsetof(es_loss, body) / sizeof(double)]);
    if (strcmp(block->name, "quality") != 0)
        return false;
    const es_score score =
        es_score_of(((const es_roofline_state *)point.state)->qualities, model, es_roofline_question(in));
    return score.basis == ES_QUALITY_ESTIMATE && score.low == score.chance && score.high == score.chance + 3;
}

/* Looks at all examples with one value of the catalogs changed. */
static void compare(const es_block *block, es_kind kind, es_row *row, int field) {
    const es_field *f = &es_fields(kind)->fields[field];
    es_point_kernel changed;
    es_arena own = {0};
    const double old = row->value[field];
    row->value[field] = old * 1.01;
    cr_assert_eq(es_point_kernel_prepare(&changed, "roofline", &catalog, &own, NULL), ES_OK);
    for (int i = 0; i < POINTS; i++) {
        double in[ES_MAX_BLOCK_INPUTS], out[MAX_OUTPUTS];
        evaluate(&changed, block, &examples[i], in, out);
        if (is_hidden(block, examples[i].rows.model, in, out))
            continue;
        for (size_t k = 0; k < block->n_out; k++) {
            if (!names_rows(block, k, kind))
                continue;
            const bool moves = memcmp(&out[k], &examples[i].out[k], sizeof *out) != 0;
            const es_rows *r = &examples[i].rows;
            moved += moves;
            cr_expect_eq(moves, is_listed(block, &examples[i], in, k, row, field),
                         "%s output %zu of %s, %s, %s, %s: %s:%llu %s %s", block->name, k, r->model->name,
                         r->device->name, r->runtime->name, r->precision->name, row->origin.file,
                         (unsigned long long)row->origin.line, f->name, moves ? "changes it" : "is listed");
        }
    }
    row->value[field] = old;
    es_arena_free(&own);
}

static void try_block(const char *name, es_kind kind, int first, int end) {
    const es_block *block = NULL;
    es_table *table = &catalog.table[kind];
    for (size_t i = 0; i < point.kernel->n_blocks; i++)
        if (strcmp(point.kernel->blocks[i].name, name) == 0)
            block = &point.kernel->blocks[i];
    cr_assert(block && block->n_out <= MAX_OUTPUTS, "%s", name);
    choose_examples();
    for (int i = 0; i < POINTS; i++) {
        double in[ES_MAX_BLOCK_INPUTS];
        evaluate(&point, block, &examples[i], in, examples[i].out);
    }
    for (size_t r = 0; r < table->n_rows; r += EVERY) {
        for (int f = first; f < end; f++)
            if (es_fields(kind)->fields[f].type != ES_TEXT && fabs(table->rows[r].value[f]) > 0)
                compare(block, kind, &table->rows[r], f);
    }
    cr_expect_gt(moved, 0, "no example rests on these rows");
}

Test(sources, device_rates) { try_block("device rates", ES_CALIBRATION, ES_C_VALUE, ES_C_VALUE + 1); }
Test(sources, device_fields) { try_block("device rates", ES_DEVICE, 0, ES_D_FIELDS); }
Test(sources, type_rates) { try_block("type rates", ES_CALIBRATION, ES_C_VALUE, ES_C_VALUE + 1); }
Test(sources, scores) { try_block("quality", ES_SCORE, ES_S_VALUE, ES_S_VALUE + 1); }
Test(sources, estimates) { try_block("quality", ES_ESTIMATE, ES_E_B, ES_E_B + 1); }
Test(sources, losses) { try_block("loss", ES_LOSS, ES_Q_DLNPPL, ES_Q_DLNPPL + 1); }
Test(sources, distortions) { try_block("loss", ES_DISTORTION, ES_Y_PLAIN, ES_Y_IMATRIX + 1); }
