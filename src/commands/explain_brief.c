#include "commands/explain_brief.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "cli/points.h"
#include "cli/print.h"
#include "grid/plan.h"
#include "model/node.h"

enum { TERMS = 3 };

typedef struct brief {
    FILE *out;
    const es_sweep *sweep;
    const double *value;
} brief;

static double node_value(const brief *b, const char *name) { return es_kernel_value(b->sweep->kernel, name, b->value); }

/* The word behind a column of labels; "" without one. */
static const char *word_of(const brief *b, const char *name, char *to, size_t size) {
    const int column = es_sweep_column(b->sweep, name, strlen(name));
    *to = '\0';
    if (column >= 0)
        es_column_text(&b->sweep->columns[column], b->value[b->sweep->columns[column].node], 4, to, size);
    return to;
}

static void human(char *to, size_t size, const char *unit, double value) {
    if (strcmp(unit, "B") == 0)
        es_human_bytes(to, size, value);
    else if (strcmp(unit, "s") == 0 || strcmp(unit, "ms") == 0)
        es_human_seconds(to, size, strcmp(unit, "s") == 0 ? value : value / 1000);
    else
        es_human_number(to, size, value);
}

/* ", 2.9 to 6.1" from NAME_low and NAME_high, where they are. */
static void range_of(const brief *b, const char *name, const char *unit, char *to, size_t size) {
    char low[64], high[64], text[2][40];
    snprintf(low, sizeof low, "%s_low", name);
    snprintf(high, sizeof high, "%s_high", name);
    const double from = node_value(b, low), until = node_value(b, high);
    *to = '\0';
    if (es_is_missing(from) || es_is_missing(until))
        return;
    human(text[0], sizeof text[0], unit, from);
    human(text[1], sizeof text[1], unit, until);
    snprintf(to, size, " (%s to %s)", text[0], text[1]);
}

/* Of a maximum of X_compute_s and X_memory_s, the other one. */
static bool is_hidden(const brief *b, const es_node *node) {
    char other[80];
    const char *compute = strstr(node->name, "_compute_s"), *memory = strstr(node->name, "_memory_s"),
               *at = compute ? compute : memory;
    if (!at)
        return false;
    snprintf(other, sizeof other, "%.*s%s", (int)(at - node->name), node->name, compute ? "_memory_s" : "_compute_s");
    return node_value(b, other) > b->value[node - b->sweep->kernel->nodes];
}

/* "time      229 ms: decode_weights_s 220 ms, 96%; ...": the largest of what a sum was made of, in its unit. */
static void print_terms(const brief *b, const char *title, const char *sum, const char *what) {
    const es_kernel *kernel = b->sweep->kernel;
    const int id = es_kernel_node(kernel, sum, strlen(sum));
    char text[64];
    if (id < 0 || es_is_missing(b->value[id]))
        return;
    const es_node *node = &kernel->nodes[id];
    const char *unit = node->unit;
    human(text, sizeof text, unit, b->value[id]);
    fprintf(b->out, "%-9s %s%s:", title, text, what);
    double below = HUGE_VAL;
    for (size_t shown = 0; shown < TERMS; shown++) {
        int best = -1;
        for (size_t k = 0; k < node->n_in; k++) {
            const double term = b->value[node->in[k]];
            const bool same = strcmp(kernel->nodes[node->in[k]].unit, unit) == 0 &&
                              !is_hidden(b, &kernel->nodes[node->in[k]]) && term >= 0.005 * b->value[id];
            if (same && term > 0 && term < below && (best < 0 || term > b->value[best]))
                best = node->in[k];
        }
        if (best < 0)
            break;
        below = b->value[best];
        human(text, sizeof text, unit, below);
        fprintf(b->out, "%s %s %s (%.0f%%)", shown ? "," : "", kernel->nodes[best].name, text,
                below / b->value[id] * 100);
    }
    fputc('\n', b->out);
}

static void print_workload(const brief *b, const size_t *coordinate) {
    size_t printed = 0;
    for (size_t a = 0; a < b->sweep->n_axes; a++) {
        const es_axis *axis = &b->sweep->axes[a];
        const bool usual = strcmp(axis->name, "prompt") == 0 || strcmp(axis->name, "gen") == 0;
        char text[64];
        if (axis->role == ES_AXIS_ENTITY || axis->role == ES_AXIS_RUNTIME || !(axis->given || usual))
            continue;
        es_axis_value_text(axis, coordinate[a], text, sizeof text);
        fprintf(b->out, "%s%s %s", printed++ ? ", " : "workload  ", axis->name, text);
    }
    if (printed)
        fputc('\n', b->out);
}

static void print_speed(const brief *b) {
    const double speed = node_value(b, "decode_tok_s"), ttft = node_value(b, "ttft_s");
    char range[100], text[40];
    if (es_is_missing(speed))
        return;
    range_of(b, "decode_tok_s", "token/s", range, sizeof range);
    human(text, sizeof text, "token/s", speed);
    fprintf(b->out, "speed     %s token/s%s", text, range);
    range_of(b, "ttft_s", "s", range, sizeof range);
    human(text, sizeof text, "s", ttft);
    fprintf(b->out, ", first token after %s%s\n", text, range);
}

/* The scores that quality rests on: metric, mode, who measured, when and where it says so. */
static void print_scores(const brief *b, const es_rows *rows) {
    const es_kernel *kernel = b->sweep->kernel;
    es_source list[ES_MAX_SOURCES];
    double in[ES_MAX_BLOCK_INPUTS];
    const int id = es_kernel_node(kernel, "score", strlen("score"));
    if (id < 0 || kernel->nodes[id].kind != ES_NODE_BLOCK)
        return;
    const es_block *block = &kernel->blocks[kernel->nodes[id].index];
    for (size_t k = 0; k < block->n_in; k++)
        in[k] = b->value[block->in[k]];
    const size_t n = block->sources(b->sweep->plan->state, rows, in, kernel->nodes[id].output, list);
    for (size_t i = 0; i < n; i++) {
        const char *const *text = list[i].row->text;
        if (list[i].kind == ES_SCORE)
            fprintf(b->out, "          %s %s %s by %s, %s: %s\n", text[ES_S_METRIC], text[ES_S_MODE], text[ES_S_VALUE],
                    text[ES_S_HARNESS], *text[ES_S_DATE] ? text[ES_S_DATE] : "undated",
                    es_quote_text(text[ES_S_SOURCE]).text);
    }
}

static void print_worth(const brief *b, const es_rows *rows) {
    const double quality = node_value(b, "quality"), energy = node_value(b, "energy_j_per_token");
    char range[100], text[40], basis[40], boundary[40];
    if (!es_is_missing(quality)) {
        range_of(b, "quality", "", range, sizeof range);
        human(text, sizeof text, "", quality);
        fprintf(b->out, "quality   %s%s, score %s", text, range, word_of(b, "quality_basis", basis, sizeof basis));
        fprintf(b->out, ", loss of the format %s\n", word_of(b, "loss_basis", basis, sizeof basis));
        print_scores(b, rows);
    }
    if (!es_is_missing(energy)) {
        human(text, sizeof text, "", energy);
        fprintf(b->out, "energy    %s J a token, %.3g W %s\n", text, node_value(b, "power_w"),
                word_of(b, "power_boundary", boundary, sizeof boundary));
    } else if (es_kernel_node(b->sweep->kernel, "boundary_asked", strlen("boundary_asked")) >= 0) {
        fputs("energy    not known: power.csv has no level of the board there, and its load_w is none of the wall\n",
              b->out);
    }
}

static void print_build(const brief *b) {
    const double build = node_value(b, "runtime_build");
    char words[24];
    fprintf(b->out, "build     %s%s\n", es_build_words(build, words, sizeof words),
            isinf(build) ? "; --build b4000 or 2024-11 asks for another" : "");
}

static void print_evidence(const brief *b) {
    char basis[64];
    const double rows = node_value(b, "evidence");
    if (!*word_of(b, "basis", basis, sizeof basis))
        return;
    fprintf(b->out, "evidence  the weakest of the rates: %s", basis);
    if (rows > 0)
        fprintf(b->out, ", %.0f measurements behind them", rows);
    fputc('\n', b->out);
    print_build(b);
}

void es_print_brief(const es_cli *cli, const es_sweep *sweep, uint64_t index, const double *value) {
    const brief b = {cli->out, sweep, value};
    size_t coordinate[ES_MAX_AXES];
    es_sweep_coordinates(sweep, index, coordinate);
    const es_rows rows = es_plan_rows(sweep, coordinate);
    const double fits = node_value(&b, "fits"), needed = node_value(&b, "peak_memory_bytes");
    char text[2][40];
    fprintf(b.out, "%s %s on %s%s%s, point %llu of %llu\n", rows.model->name, rows.precision->name, rows.device->name,
            rows.runtime ? ", " : "", rows.runtime ? rows.runtime->name : "", (unsigned long long)index,
            (unsigned long long)sweep->n_points);
    print_workload(&b, coordinate);
    if (!es_is_missing(fits)) {
        human(text[0], sizeof text[0], "B", needed);
        human(text[1], sizeof text[1], "B", node_value(&b, "room_bytes"));
        fprintf(b.out, "verdict   %s: needs %s of %s\n", fits > 0 ? "fits" : "does not fit", text[0], text[1]);
    }
    print_speed(&b);
    print_worth(&b, &rows);
    print_terms(&b, "time", "step_s", " a token");
    print_terms(&b, "time", "end_to_end_ms", "");
    print_terms(&b, "memory", "peak_memory_bytes", "");
    if (*word_of(&b, "bottleneck", text[0], sizeof text[0]))
        fprintf(b.out, "limit     %s\n", text[0]);
    print_evidence(&b);
    for (size_t i = 0; i < sweep->n_conditions; i++)
        if (!es_condition_holds(sweep, i, value))
            fprintf(b.out, "left out  %s does not hold\n", es_quote_text(sweep->condition[i]).text);
    const es_kernel *kernel = sweep->kernel;
    for (size_t i = 0; i < kernel->n_nodes; i++)
        if (kernel->nodes[i].flags & ES_WARNING && value[i] > 0)
            fprintf(b.out, "warning   %s\n", kernel->nodes[i].help);
    fputs("--full: every value with its formula, inputs and sources\n", b.out);
}
