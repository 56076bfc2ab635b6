/* Tables of the report page: cells as in the file; of long ones the rows that answers depend on stay, by brute force. */
#include "sweep_help.h"

#include "report/report_table.h"
#include "pareto_cases.h"

enum { COSTS = 3, MOST = 3000 };

typedef struct record {
    unsigned device, model, precision, prompt;
    double quality, cost[COSTS]; /* quality NaN: not known */
} record;

static record records[MOST];
static size_t n_records;
static folder place;
static char path[400];

static void tear_down(void) { folder_free(&place); }

TestSuite(report_table, .fini = tear_down);

/* spread: distinct values of each cost; few of them give small fronts with ties. */
static void write_table(uint64_t seed, size_t n, unsigned prompts, unsigned spread) {
    uint64_t state = seed;
    place = folder_new();
    path_in(&place, "table.csv", path, sizeof path);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs("model,device,precision,prompt,tpot_s,energy_j_per_token,peak_memory_bytes,quality,note\n", out);
    n_records = n;
    for (size_t i = 0; i < n; i++) {
        record *r = &records[i];
        *r = (record){(unsigned)random_below(&state, 3),
                      (unsigned)random_below(&state, 4),
                      (unsigned)random_below(&state, 3),
                      (unsigned)random_below(&state, prompts),
                      NAN,
                      {0}};
        for (int k = 0; k < COSTS; k++)
            r->cost[k] = (double)(1 + random_below(&state, spread)) / 8;
        if (r->model != 3)
            r->quality = (double)random_below(&state, 9);
        fprintf(out, "M%u,\"D, %u\",Q%u,%u,%g,%g,%g,", r->model, r->device, r->precision, r->prompt, r->cost[0],
                r->cost[1], r->cost[2]);
        if (!isnan(r->quality))
            fprintf(out, "%g", r->quality);
        fprintf(out, ",\"row %zu\"\n", i);
    }
    cr_assert_eq(fclose(out), 0);
}

static const char *cell(const es_report_table *table, const char *name, size_t row, char *to, size_t size) {
    const int c = es_report_table_find(table, name);
    cr_assert_geq(c, 0, "%s", name);
    const es_report_column *column = &table->column[c];
    const es_slice word = es_keys_text(&column->words, column->code[row]);
    snprintf(to, size, "%.*s", (int)word.length, word.text);
    return to;
}

/* ---- What must stay ---- */

static bool beats(const record *a, const record *b, bool with_quality) {
    bool better = false;
    for (int k = 0; k < COSTS; k++) {
        if (a->cost[k] > b->cost[k])
            return false;
        better |= a->cost[k] < b->cost[k];
    }
    if (!with_quality)
        return better;
    return a->quality >= b->quality && (better || a->quality > b->quality);
}

static bool on_front(const record *b, bool by_workload, bool with_quality) {
    if (with_quality && isnan(b->quality))
        return false;
    for (size_t i = 0; i < n_records; i++) {
        const record *a = &records[i];
        if (a->device == b->device && (!by_workload || a->prompt == b->prompt) &&
            !(with_quality && isnan(a->quality)) && beats(a, b, with_quality))
            return false;
    }
    return true;
}

static bool is_fastest(const record *b) {
    for (size_t i = 0; i < n_records; i++) {
        const record *a = &records[i];
        if (a->device == b->device && a->model == b->model && a->precision == b->precision && a->cost[0] < b->cost[0])
            return false;
    }
    return true;
}

static size_t count_fronts(bool by_workload) {
    size_t n = 0;
    for (size_t i = 0; i < n_records; i++)
        n += on_front(&records[i], by_workload, true);
    for (size_t i = 0; i < n_records; i++)
        n += on_front(&records[i], by_workload, false);
    return n;
}

static void check_row(const es_report_table *table, size_t row, size_t i) {
    char found[100], expected[100];
    snprintf(expected, sizeof expected, "row %zu", i);
    cr_assert_str_eq(cell(table, "note", row, found, sizeof found), expected);
    snprintf(expected, sizeof expected, "D, %u", records[i].device);
    cr_assert_str_eq(cell(table, "device", row, found, sizeof found), expected);
    snprintf(expected, sizeof expected, "%g", records[i].cost[2]);
    cr_assert_str_eq(cell(table, "peak_memory_bytes", row, found, sizeof found), expected);
}

static void check_thinned(size_t max_rows) {
    es_report_table table;
    cr_assert_eq(es_report_table_read(&table, path, max_rows, NULL, NULL), ES_OK);
    cr_expect_eq(table.rows_read, n_records);
    cr_expect_eq(table.by_workload, count_fronts(true) <= max_rows / 2);
    size_t row = 0, fronts = 0, fastest = 0, sampled = 0, others = 0;
    for (size_t i = 0; i < n_records; i++) {
        char found[100], note[100];
        const record *r = &records[i];
        const bool front = on_front(r, table.by_workload, true) || on_front(r, table.by_workload, false);
        const bool must = front || is_fastest(r);
        fronts += front;
        fastest += must && !front;
        others += !must;
        snprintf(note, sizeof note, "row %zu", i);
        const bool kept = row < table.n_rows && strcmp(cell(&table, "note", row, found, sizeof found), note) == 0;
        cr_assert(kept || !must, "row %zu is lost", i);
        if (kept)
            check_row(&table, row++, i);
        sampled += kept && !must;
    }
    cr_expect_eq(row, table.n_rows, "rows of the file, in its order");
    cr_expect_eq(table.front, fronts);
    cr_expect_eq(table.fastest, fastest);
    cr_expect_gt(table.step, 1);
    const double expected = (double)others / (double)table.step;
    cr_expect(fabs((double)sampled - expected) < 5 * sqrt(expected) + 2, "%zu of %zu, 1 in %llu", sampled, others,
              (unsigned long long)table.step);
    cr_expect_leq((double)table.n_rows,
                  fmax(1.25 * (double)max_rows, (double)(fronts + fastest) + 0.2 * (double)max_rows));
    es_report_table_free(&table);
}

Test(report_table, short_tables_are_whole) {
    es_report_table table;
    write_table(1, 500, 4, 60);
    cr_assert_eq(es_report_table_read(&table, path, 500, NULL, NULL), ES_OK);
    cr_assert(table.n_rows == 500 && table.rows_read == 500 && table.step == 1 && table.front == 0);
    for (size_t i = 0; i < 500; i++)
        check_row(&table, i, i);
    const char *const numeric[] = {"prompt", "tpot_s", "energy_j_per_token", "peak_memory_bytes", "quality"};
    for (size_t c = 0; c < table.n_columns; c++) {
        bool expected = false;
        for (size_t k = 0; k < sizeof numeric / sizeof *numeric; k++)
            expected |= strcmp(table.column[c].name, numeric[k]) == 0;
        cr_expect_eq(table.column[c].numeric, expected, "%s", table.column[c].name);
    }
    cr_expect_eq(es_report_table_find(&table, "nothing"), -1);
    cr_expect_eq(es_report_table_find(&table, "model"), 0);
    es_report_table_free(&table);
    cr_assert_eq(es_report_table_read(&table, path, 499, NULL, NULL), ES_OK);
    cr_expect_gt(table.step, 1, "one row too many");
    es_report_table_free(&table);
}

/* Fronts per workload where they are small, per device where not; many ties; a limit below what must stay. */
Test(report_table, fronts_per_workload) {
    write_table(2, MOST, 3, 9);
    check_thinned(2000);
}
Test(report_table, fronts_per_device) {
    write_table(3, MOST, 60, 200);
    check_thinned(800);
}
Test(report_table, more_must_stay_than_fits) {
    write_table(4, MOST, 60, 4000);
    check_thinned(100);
}

/* Without the columns that fronts are made of there is only a sample. */
Test(report_table, other_tables) {
    es_report_table table;
    place = folder_new();
    path_in(&place, "table.csv", path, sizeof path);
    FILE *out = fopen(path, "w");
    fputs("a,b\n", out);
    for (int i = 0; i < 1000; i++)
        fprintf(out, "%d,x\n", i);
    fclose(out);
    cr_assert_eq(es_report_table_read(&table, path, 100, NULL, NULL), ES_OK);
    cr_expect(table.step == 10 && table.front == 0 && table.fastest == 0);
    cr_expect(table.n_rows > 60 && table.n_rows < 140, "%zu", table.n_rows);
    es_report_table_free(&table);
    cr_expect_neq(es_report_table_read(&table, "/nonexistent.csv", 100, NULL, NULL), ES_OK);
    es_report_table_free(&table);
}
