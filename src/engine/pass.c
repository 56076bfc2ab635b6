#include "engine/pass.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/team.h"
#include "engine/lots.h"

enum {
    ROW_TILE_POINTS = 512,        /* text of a tile stays in the L2 cache */
    BOX_POINTS = 64,              /* the smallest boxes that get bounds */
    TICKET_POINTS = 4096,         /* handed over at a time */
    MATCH_POINTS = 16384,         /* the same where few points become rows */
    SEARCH_TICKETS = 512,         /* boxes that threads take without rows: at least so many when the grid has them */
    SHARES = 4,                   /* of the tickets, for every thread, so that all end together */
    SEED_TILES = 20000,           /* looked at first, so that bounds have something to beat */
    SEED_PART = 64,               /* of the tiles, at most one in so many */
    POINTS_PER_THREAD = 50000,    /* fewer cost more in starting threads than they save */
    SEARCHED_PER_THREAD = 1000000 /* the same where most are never looked at */
};

/* ---- workers ---- */

static es_status search_tile(void *context, uint64_t tile, const es_span *spans, size_t n);

es_status es_pass_worker_init(es_pass_worker *w, es_pass *p) {
    w->pass = p;
    es_errors *errors = &w->errors;
    es_status status = es_eval_new(&w->eval, p->program, errors);
    if (!status)
        status = es_filter_init(&w->filter, p->sweep, p->program, errors);
    if (!status && p->format)
        status = es_row_writer_new(&w->writer, p->format, errors);
    if (!status && p->want_best)
        status = es_best_init(&w->best, p->sweep, p->program, errors);
    if (!status && (p->want_front || p->finished))
        status = es_front_pass_init(&w->front, p->sweep, p->program, p->exchange, errors);
    if (!status && !p->options->part && (!p->finished || p->ties))
        w->front.free_axes = es_sweep_free_axes(p->sweep);
    if (!status && p->searches)
        status = es_boxes_new(&w->boxes, p->bounds, errors);
    w->search = (es_search){.sweep = p->sweep,
                            .ladder = &p->ladder,
                            .boxes = w->boxes,
                            .first = p->first,
                            .end = p->end,
                            .filter = &w->filter,
                            .best = &w->best,
                            .front = &w->front,
                            .finished = p->finished,
                            .tile = search_tile,
                            .context = w};
    return w->status = status;
}

void es_pass_worker_free(es_pass_worker *w) {
    es_eval_free(w->eval);
    es_boxes_free(w->boxes);
    es_filter_free(&w->filter);
    es_row_writer_free(w->writer);
    es_best_free(&w->best);
    es_front_pass_free(&w->front);
    es_buffer_free(&w->lines);
}

/* The end of the points that hold the rows still wanted under --limit; *kept becomes their number. */
static size_t cut_at_limit(const es_pass_worker *w, const uint8_t *keep, size_t from, size_t to, size_t *kept) {
    uint64_t limit = w->pass->options->limit;
    if (!limit)
        return to;
    uint64_t left = limit - atomic_load(&w->pass->rows_done) - w->rows;
    if (*kept <= left)
        return to;
    *kept = (size_t)left;
    for (size_t i = from; i < to; i++) {
        if (keep[i] && left-- == 0)
            return i;
    }
    return to;
}

es_status es_pass_append_rows(es_pass_worker *w, const uint8_t *keep, size_t from, size_t to, es_buffer *buffer,
                              es_errors *errors) {
    const es_pass *p = w->pass;
    if (p->columns)
        return es_column_append(p->columns, p->program, w->eval, keep, from, to, buffer, errors);
    if (!p->record.n)
        return es_row_writer_append(w->writer, w->eval, keep, from, to, buffer, errors);
    return es_record_append(&p->record, p->program, w->writer, w->eval, keep, from, to, &w->lines, buffer, errors);
}

static es_status feed(es_pass_worker *w, const uint8_t *keep, size_t from, size_t to, unsigned live) {
    es_status status = ES_OK;
    if (live & ES_LIVE_BEST)
        status = es_best_add(&w->best, w->eval, keep, from, to, &w->errors);
    if (!status && live & ES_LIVE_FRONT)
        status = es_front_pass_add(&w->front, w->eval, keep, from, to, &w->errors);
    if (!status && live & (ES_LIVE_ROWS | ES_LIVE_MATCH))
        status = es_pass_append_rows(w, keep, from, to, &w->buffer, &w->errors);
    return status;
}

/* Points of the tile that go on: by the conditions, then by the finished front. */
static size_t choose_points(es_pass_worker *w, size_t from, size_t to, unsigned live) {
    size_t kept = live & ES_LIVE_FILTER ? es_filter_apply(&w->filter, w->eval, from, to)
                                        : es_filter_keep_all(&w->filter, w->eval, from, to);
    if (!kept || !(live & ES_LIVE_MATCH))
        return kept;
    if (w->pass->ties) {
        es_front_pass_count(&w->front, w->pass->finished, w->pass->ties, w->eval, w->filter.keep, from, to);
        return 0;
    }
    return es_front_pass_match(&w->front, w->pass->finished, w->eval, w->filter.keep, from, to);
}

/* Points of the tile that was evaluated, by their places in it. */
static es_status do_points(es_pass_worker *w, size_t from, size_t to, unsigned live) {
    es_pass *p = w->pass;
    double t0 = es_seconds_now();
    size_t kept = choose_points(w, from, to, live);
    atomic_fetch_add_explicit(&p->points_done, to - from, memory_order_relaxed);
    if (!kept || live == ES_LIVE_FILTER) {
        w->seconds_evaluate += es_seconds_now() - t0;
        return ES_OK;
    }
    es_eval_stage(w->eval, ES_STAGE_ROWS);
    double t1 = es_seconds_now();
    size_t stop = cut_at_limit(w, w->filter.keep, from, to, &kept);
    if (p->options->limit)
        p->reached = es_eval_first(w->eval) + stop;
    const uint8_t *keep = kept == stop - from ? NULL : w->filter.keep;
    w->rows += kept;
    es_status status = feed(w, keep, from, stop, live);
    w->seconds_evaluate += t1 - t0;
    w->seconds_format += es_seconds_now() - t1;
    return status;
}

static void evaluate_tile(es_pass_worker *w, uint64_t tile) {
    double t0 = es_seconds_now();
    es_eval_tile(w->eval, tile);
    w->seconds_evaluate += es_seconds_now() - t0;
}

static es_status do_tile(es_pass_worker *w, uint64_t tile, unsigned live) {
    es_pass *p = w->pass;
    size_t n;
    const uint64_t first = es_tile_first(p->sweep, &p->tiling, tile, &n);
    if (p->sweep->plan->runs && !es_plan_any_runs(p->sweep, first, first + n)) {
        uint64_t begin = first < p->first ? p->first : first, end = first + n > p->end ? p->end : first + n;
        w->filter.left_out += end - begin;
        atomic_fetch_add_explicit(&p->points_done, end - begin, memory_order_relaxed);
        return ES_OK;
    }
    evaluate_tile(w, tile);
    size_t from = first < p->first ? (size_t)(p->first - first) : 0;
    size_t to = first + n > p->end ? (size_t)(p->end - first) : n;
    return do_points(w, from, to, live);
}

static bool stop_wanted(const es_pass *p) {
    return atomic_load_explicit(&((es_pass *)p)->halt, memory_order_relaxed) || (p->options->stop && *p->options->stop);
}

static void count_rows(es_pass *p, uint64_t rows) {
    uint64_t all = atomic_fetch_add(&p->rows_done, rows) + rows;
    if (p->options->limit && all >= p->options->limit)
        atomic_store(&p->halt, 1);
}

static es_status search_tile(void *context, uint64_t tile, const es_span *spans, size_t n) {
    es_pass_worker *w = context;
    es_status status = ES_OK;
    if (stop_wanted(w->pass))
        return ES_OK;
    evaluate_tile(w, tile);
    uint64_t first = es_eval_first(w->eval);
    for (size_t i = 0; i < n && !status; i++)
        status = do_points(w, (size_t)(spans[i].first - first), (size_t)(spans[i].end - first), spans[i].live);
    return status;
}

/* What a thread is to do next: points from a tile on, or a box. */
typedef struct task {
    uint64_t ticket, box;
    unsigned live;
} task;

static void do_box(es_pass_worker *w, const task *t) {
    uint64_t skipped = w->search.skipped;
    w->status = es_search_box(&w->search, w->pass->ticket_rung, t->box, t->live);
    atomic_fetch_add_explicit(&w->pass->points_done, w->search.skipped - skipped, memory_order_relaxed);
}

static void do_tiles(es_pass_worker *w, uint64_t ticket) {
    es_pass *p = w->pass;
    uint64_t tile = p->first_tile + ticket * p->tiles_per_ticket, last = tile + p->tiles_per_ticket;
    uint64_t end = es_tile_of(p->sweep, &p->tiling, p->end - 1) + 1;
    if (last > end)
        last = end;
    for (; tile < last && !w->status; tile++) {
        w->status = do_tile(w, tile, p->live);
        if (p->options->limit && atomic_load(&p->rows_done) + w->rows >= p->options->limit)
            break;
    }
}

static void do_ticket(es_pass_worker *w, const task *t) {
    es_pass *p = w->pass;
    w->buffer = (es_buffer){0};
    if (p->ordered && !es_ordered_begin(p->ordered, t->ticket, &w->buffer)) {
        atomic_store(&p->halt, 1);
        return;
    }
    w->rows = 0;
    if (p->searches)
        do_box(w, t);
    else
        do_tiles(w, t->ticket);
    count_rows(p, w->rows);
    if (w->status) {
        if (p->ordered)
            es_ordered_fail(p->ordered, w->status); /* before others leave their tickets half done */
        atomic_store(&p->halt, 1);
    }
    if (p->ordered)
        es_ordered_end(p->ordered, t->ticket, &w->buffer);
}

/* False when there is nothing left to do. */
static bool take_dealt(es_pass *p, task *t) {
    es_deal deal;
    bool more;
    do {
        more = es_dealer_next(p->dealer, &deal);
        atomic_fetch_add_explicit(&p->points_done, deal.skipped, memory_order_relaxed);
    } while (more && !deal.live && !stop_wanted(p));
    *t = (task){deal.ticket, deal.box, deal.live};
    return more && deal.live;
}

static bool take_task(es_pass_worker *w, task *t) {
    es_pass *p = w->pass;
    if (p->dealer)
        return take_dealt(p, t);
    if (w->next == w->end) {
        w->next = atomic_fetch_add(&p->next, p->lot);
        w->end = w->next + p->lot;
    }
    const uint64_t ticket = w->next++;
    if (ticket >= p->n_tickets)
        return false;
    *t = (task){ticket, p->first_box + (p->ticket_order ? p->ticket_order[ticket] : ticket), p->live};
    return true;
}

static void show_progress(es_pass *p, double *last) {
    if (!p->options->progress || es_seconds_now() - *last < 0.2)
        return;
    *last = es_seconds_now();
    es_progress progress = {.points_done = atomic_load(&p->points_done),
                            .points_total = p->end - p->first,
                            .rows = atomic_load(&p->rows_done),
                            .seconds = *last - p->started};
    p->options->progress(p->options->progress_context, &progress);
}

static void work(es_pass_worker *w, bool shows_progress) {
    es_pass *p = w->pass;
    double last = p->started;
    while (!w->status && !stop_wanted(p)) {
        task t;
        if (!take_task(w, &t))
            break;
        do_ticket(w, &t);
        if (shows_progress)
            show_progress(p, &last);
    }
}

/* ---- a pass ---- */

static unsigned choose_threads(const es_pass *p) {
    uint64_t threads = p->options->threads,
             share = p->searches && !p->makes_rows ? SEARCHED_PER_THREAD : POINTS_PER_THREAD;
    if (!threads) {
        threads = (uint64_t)omp_get_max_threads();
        if (threads > (p->end - p->first) / share + 1)
            threads = (p->end - p->first) / share + 1;
    }
    if (p->options->limit)
        threads = 1;
    if (threads > p->n_tickets)
        threads = p->n_tickets;
    return threads < 1024 ? (unsigned)threads : 1024;
}

/* Without rows: the largest boxes that are enough for all threads.  With rows, whose text waits for its turn: boxes of a
 * few thousand points. */
static void size_search(es_pass *p) {
    uint64_t most = p->finished ? MATCH_POINTS : TICKET_POINTS;
    size_t rung = p->ladder.tiles;
    while (rung + 1 < p->ladder.n_rungs) {
        const es_rung *above = &p->ladder.rung[rung + 1];
        if (p->makes_rows ? above->points > most : above->n_boxes < SEARCH_TICKETS)
            break;
        rung++;
    }
    if (p->lot_axes)
        rung = es_lots_rung(&p->ladder, p->lot_axes, rung);
    p->ticket_rung = rung;
    p->first_box = es_box_of(&p->ladder, rung, p->first);
    p->n_tickets = es_box_of(&p->ladder, rung, p->end - 1) + 1 - p->first_box;
}

static void size_pass(es_pass *p) {
    const es_run_options *options = p->options;
    p->first = options->part ? options->first : 0;
    p->end = options->part ? options->end : p->sweep->n_points;
    p->first_tile = es_tile_of(p->sweep, &p->tiling, p->first);
    uint64_t tiles = es_tile_of(p->sweep, &p->tiling, p->end - 1) + 1 - p->first_tile;
    p->tiles_per_ticket = (TICKET_POINTS + p->tiling.points - 1) / p->tiling.points;
    p->n_tickets = (tiles + p->tiles_per_ticket - 1) / p->tiles_per_ticket;
    p->lot = 1;
    if (p->searches && !p->makes_rows && options->threads != 1)
        p->lot_axes = es_lots_axes(p->sweep, p->want_best, p->want_front);
    if (p->searches)
        size_search(p);
    p->threads = choose_threads(p);
}

typedef struct node_list {
    uint16_t node[ES_MAX_AXES + 1024];
    size_t n;
} node_list;

/* Once each: no more than there are columns, however many conditions there are. */
static void want_node(node_list *list, uint16_t node) {
    for (size_t i = 0; i < list->n; i++)
        if (list->node[i] == node)
            return;
    if (list->n < sizeof list->node / sizeof *list->node)
        list->node[list->n++] = node;
}

static void want(node_list *list, const es_sweep *sweep, int column) {
    want_node(list, (uint16_t)sweep->columns[column].node);
}

static void want_conditions(node_list *list, const es_sweep *sweep) {
    if (sweep->plan->runs)
        want_node(list, sweep->plan->runs_node);
    for (size_t i = 0; i < sweep->n_conditions; i++) {
        const es_pcond *c = &sweep->plan->condition[i];
        want_node(list, c->a);
        if (c->kind == ES_PCOND_NODE)
            want_node(list, c->b);
    }
}

static void want_front(node_list *list, const es_sweep *sweep) {
    for (size_t k = 0; k < sweep->front.n_objectives; k++)
        want(list, sweep, sweep->front.objective[k].column);
    for (size_t k = 0; k < sweep->front.n_by; k++)
        want(list, sweep, sweep->front.by[k]);
}

static void want_best(node_list *list, const es_sweep *sweep) {
    for (size_t k = 0; k < sweep->best.n_objectives; k++)
        want(list, sweep, sweep->best.objective[k].column);
    for (size_t k = 0; k < sweep->best.n_by; k++)
        want(list, sweep, sweep->best.by[k]);
    want(list, sweep, sweep->best.pick);
}

/* What points are wanted for.  With rows every point that is kept is evaluated: bounds then only help conditions. */
static unsigned choose_live(const es_pass *p, bool rows) {
    unsigned live = p->sweep->n_conditions || p->sweep->plan->runs ? ES_LIVE_FILTER : 0;
    if (p->want_best)
        live |= ES_LIVE_BEST;
    if (p->want_front)
        live |= ES_LIVE_FRONT;
    if (p->finished)
        live |= ES_LIVE_MATCH;
    else if (rows)
        live |= ES_LIVE_ROWS;
    return live;
}

static es_status build_bounds(es_pass *p, node_list *list, es_errors *errors) {
    list->n = 0;
    want_conditions(list, p->sweep);
    if (p->finished || p->want_front)
        want_front(list, p->sweep);
    if (p->want_best)
        want_best(list, p->sweep);
    return es_bounds_new(&p->bounds, p->program, &p->ladder, list->node, list->n, errors);
}

/* Bounds look closer than tiles: what is left of a tile is not handed on whole. */
static void make_tiling(es_pass *p, bool rows) {
    es_tiling finest = es_tiling_make(p->sweep, BOX_POINTS);
    bool settles = rows ? p->live & (ES_LIVE_FILTER | ES_LIVE_MATCH) : p->live;
    p->searches = settles && !p->options->limit && !p->options->no_skip;
    p->tiling = es_tiling_make(p->sweep, rows ? ROW_TILE_POINTS : ES_TILE_POINTS);
    if (!p->searches)
        return;
    es_tiling_align(&p->tiling, p->sweep, &finest);
    p->ladder = es_ladder_make(p->sweep, &finest, &p->tiling);
}

es_status es_pass_build(es_pass *p, const int *columns, size_t n_columns, es_errors *errors) {
    node_list *lists = calloc(ES_STAGES, sizeof *lists);
    if (!lists)
        return es_fail_memory(errors);
    p->makes_rows = columns != NULL;
    p->columns = columns && p->options->receiver ? p->options->receiver->columns[p->result] : NULL;
    p->live = choose_live(p, columns);
    make_tiling(p, columns);
    want_conditions(&lists[ES_STAGE_FILTER], p->sweep);
    if (p->finished)
        want_front(&lists[ES_STAGE_FILTER], p->sweep);
    if (p->want_front)
        want_front(&lists[ES_STAGE_ROWS], p->sweep);
    if (p->want_best)
        want_best(&lists[ES_STAGE_ROWS], p->sweep);
    for (size_t i = 0; i < n_columns; i++)
        want(&lists[ES_STAGE_ROWS], p->sweep, columns[i]);
    for (size_t i = 0; i < p->record.n; i++)
        want_node(&lists[ES_STAGE_ROWS], p->record.node[i]);
    const uint16_t *nodes[ES_STAGES] = {lists[0].node, lists[1].node};
    const size_t counts[ES_STAGES] = {lists[0].n, lists[1].n};
    es_status status = es_program_new(&p->program, p->sweep, &p->tiling, nodes, counts, errors);
    if (!status && columns && !p->columns)
        status = es_row_format_new(&p->format, p->sweep, columns, n_columns, p->vectors ? &es_front_ties_column : NULL,
                                   p->program, es_csv_options_of(p->options, p->result), errors);
    if (!status && p->searches)
        status = build_bounds(p, &lists[0], errors);
    free(lists);
    if (!status)
        size_pass(p);
    return status;
}

void es_pass_free(es_pass *p) {
    es_row_format_free(p->format);
    es_program_free(p->program);
    es_bounds_free(p->bounds);
    es_dealer_free(p->dealer);
    es_front_exchange_free(p->exchange);
    free(p->ticket_order);
}

static void add_times(es_pass *p, const es_pass_worker *w) {
    p->report->seconds_evaluate += w->seconds_evaluate;
    p->report->seconds_format += w->seconds_format;
    if (!p->finished)
        p->report->points_skipped += w->search.skipped;
    p->report->left_out += p->finished ? 0 : w->filter.left_out;
    for (size_t i = 0; i < p->sweep->n_conditions && !p->finished && w->filter.rejected; i++)
        p->report->rejected[i] += w->filter.rejected[i];
}

/* Merges what the workers found into the first one. */
static es_status merge_workers(es_pass *p, es_pass_worker *workers, es_errors *errors) {
    es_status status = ES_OK;
    for (unsigned t = 0; t < p->threads; t++) {
        es_pass_worker *w = &workers[t];
        add_times(p, w);
        if (w->status && !status) {
            status = w->status;
            if (errors && w->errors.n_errors)
                es_fail(errors, status, NULL, "%s", w->errors.error[0].text);
        }
        if (!t || status)
            continue;
        if (p->want_best)
            status = es_best_merge(&workers[0].best, &w->best, errors);
        if (!status && p->want_front)
            status = es_front_pass_merge(&workers[0].front, &w->front, errors);
        es_front_pass_free(&w->front);
        es_best_free(&w->best);
    }
    return status;
}

/* ---- seeds ---- */

static uint64_t scramble(uint64_t x) {
    x = (x + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 29) * 0x94D049BB133111EBu;
    return x ^ x >> 32;
}

/* Looks at every threads-th of the sample.  The tiles come again in the search, so nothing of them is counted. */
static void seed(es_pass_worker *w, uint64_t from) {
    es_pass *p = w->pass;
    uint64_t tiles = es_tile_of(p->sweep, &p->tiling, p->end - 1) + 1 - p->first_tile;
    uint64_t n = tiles / SEED_PART < SEED_TILES ? tiles / SEED_PART : SEED_TILES;
    for (uint64_t i = from; i < n && !w->status && !stop_wanted(p); i += p->threads)
        w->status = do_tile(w, p->first_tile + scramble(i) % tiles, p->live);
    memset(w->filter.rejected, 0, p->sweep->n_conditions * sizeof *w->filter.rejected);
    w->best.missing = w->front.missing = w->filter.left_out = 0;
}

static es_status take_seeds(const es_pass *p, es_pass_worker *to, const es_pass_worker *from) {
    es_status status = ES_OK;
    if (p->want_best)
        status = es_best_merge(&to->best, &from->best, &to->errors);
    if (p->want_front && !status)
        status = es_front_pass_merge(&to->front, &from->front, &to->errors);
    if (p->want_front && !status)
        status = es_front_pass_settle(&to->front, &to->errors);
    return to->status = status;
}

/* Every worker starts with what all have seen. */
static void share_seeds(const es_pass *p, es_pass_worker *workers) {
    for (unsigned t = 0; t < p->threads; t++)
        if (workers[t].status)
            return;
    for (unsigned t = 1; t < p->threads; t++)
        if (take_seeds(p, &workers[0], &workers[t]))
            return;
    if (p->want_front && p->threads == 1)
        workers[0].status = es_front_pass_settle(&workers[0].front, &workers[0].errors);
    for (unsigned t = 1; t < p->threads; t++)
        if (take_seeds(p, &workers[t], &workers[0]))
            return;
}

static void seed_share(void *workers, unsigned t) { seed((es_pass_worker *)workers + t, t); }

static void seed_workers(es_pass *p, es_pass_worker *workers) {
    if (!p->searches || p->makes_rows || !(p->want_best || p->want_front) || p->lot_axes) /* too few for many groups */
        return;
    es_team_run(p->threads, seed_share, workers);
    atomic_store(&p->points_done, 0);
    share_seeds(p, workers);
}

/* Tickets of a search in a better order than they come, or only those that are worth it. */
static es_status choose_tickets(es_pass *p, es_pass_worker *w) {
    if (!p->searches)
        return ES_OK;
    if (p->finished)
        return es_dealer_new(&p->dealer, &w->search, p->program, p->bounds, p->ticket_rung, p->live, &w->errors);
    if (p->makes_rows)
        return ES_OK;
    es_status status =
        es_search_order(&w->search, p->ticket_rung, p->first_box, p->n_tickets, p->live, &p->ticket_order, &w->errors);
    if (!status && p->lot_axes && p->ticket_order)
        status = es_lots_sort(&p->ladder, p->ticket_rung, p->lot_axes, p->first_box, p->n_tickets, p->ticket_order,
                              &p->lot, &w->errors);
    if (p->lot > p->n_tickets / (SHARES * p->threads) + 1)
        p->lot = p->n_tickets / (SHARES * p->threads) + 1;
    return status;
}

static void work_share(void *workers, unsigned t) { work((es_pass_worker *)workers + t, t == 0); }

static void run_workers(es_pass *p, es_pass_worker *workers) {
    for (unsigned t = 0; t < p->threads; t++)
        if (es_pass_worker_init(&workers[t], p))
            return;
    workers[0].status = choose_tickets(p, &workers[0]);
    if (workers[0].status)
        return;
    seed_workers(p, workers);
    es_team_run(p->threads, work_share, workers);
}

/* The first point behind a ticket. */
static uint64_t behind_ticket(const void *context, uint64_t ticket) {
    const es_pass *p = context;
    if (ticket + 1 >= p->n_tickets)
        return p->end;
    uint64_t n;
    size_t points;
    return p->searches
               ? es_box_first(&p->ladder, p->ticket_rung, p->first_box + ticket + 1, &n)
               : es_tile_first(p->sweep, &p->tiling, p->first_tile + (ticket + 1) * p->tiles_per_ticket, &points);
}

/* Runs a pass; rows go to `sink` when there is one.  On success *workers holds the merged results in its first element
 * and is the caller's to release with es_pass_end. */
es_status es_pass_run(es_pass *p, es_row_sink *sink, es_pass_worker **workers, es_errors *errors) {
    *workers = calloc(p->threads, sizeof **workers);
    if (!*workers)
        return es_fail_memory(errors);
    es_status status = ES_OK;
    if (sink)
        status = es_ordered_new(&p->ordered, 4 * p->threads, es_row_sink_write, sink, errors);
    if (!status && p->want_front)
        status = es_front_exchange_new(&p->exchange, p->sweep, errors);
    if (status)
        return status;
    if (sink && !p->finished)
        sink->behind = behind_ticket, sink->pass = p;
    p->started = es_seconds_now();
    run_workers(p, *workers);
    status = merge_workers(p, *workers, errors);
    if (p->ordered) {
        p->report->seconds_write += es_ordered_times(p->ordered).writing;
        es_status written = es_ordered_finish(p->ordered, errors);
        status = status ? status : written;
    }
    if (!status && p->options->stop && *p->options->stop)
        status = *p->options->stop == SIGTERM ? ES_ETERM : ES_EINT;
    return status;
}

void es_pass_end(es_pass *p, es_pass_worker *workers) {
    for (unsigned t = 0; workers && t < p->threads; t++)
        es_pass_worker_free(&workers[t]);
    free(workers);
    es_pass_free(p);
}
