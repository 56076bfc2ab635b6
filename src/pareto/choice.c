#include "pareto/choice.h"

#include <stdlib.h>
#include <string.h>

#include <edgesweep/pareto.h>

#include "base/arena.h"
#include "base/keys.h"
#include "base/os.h"
#include "pareto/pareto_view.h"

static int by_rank(const void *a_, const void *b_, void *context) {
    const es_choice *a = a_, *b = b_;
    const size_t d = *(const size_t *)context;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return es_is_better(a->value, a->index, b->value, b->index, d)   ? -1
           : es_is_better(b->value, b->index, a->value, a->index, d) ? 1
                                                                     : 0;
}

/* Of the n choices of a group, the best first: what wins among those that tie with it goes to the front. */
static void break_ties(es_choice *choice, size_t n, size_t d, double margin) {
    size_t won = 0;
    for (size_t i = 1; i < n && es_is_near(choice[i].value, choice[0].value, margin); i++)
        if (es_choices_tie(&choice[i], &choice[0], margin) &&
            es_breaks_tie(choice[i].value, choice[i].index, choice[won].value, choice[won].index, d))
            won = i;
    const es_choice winner = choice[won];
    memmove(choice + 1, choice, won * sizeof *choice);
    choice[0] = winner;
}

void es_choices_rank(es_choice *choice, size_t n, size_t d, double margin) {
    es_os_sort(choice, n, sizeof *choice, by_rank, &d);
    for (size_t i = 0, end; i < n && margin > 0; i = end) {
        for (end = i + 1; end < n && choice[end].group == choice[i].group;)
            end++;
        break_ties(choice + i, end - i, d, margin);
    }
}

/* ---- columns of the caller ---- */

/* The number of a row's group or of its pick within it, a new one when it was not met before. */
static es_status number_of(es_keys *keys, uint32_t group, uint32_t pick, uint32_t *number, es_errors *errors) {
    const uint32_t key[] = {group, pick};
    return es_keys_number(keys, (es_slice){(const char *)key, sizeof key}, number, errors);
}

/* Of every pick in every group the best row: choice[i].index; its value is set later. */
static es_status collect(const es_view *view, const es_points *points, const es_contest *contest, es_choice **choice,
                         size_t *n, es_errors *errors) {
    es_keys groups = {0}, entrants = {0};
    size_t capacity = 0;
    es_status status = ES_OK;
    double value[ES_MAX_OBJECTIVES], best[ES_MAX_OBJECTIVES];
    for (size_t i = 0; i < view->n && !status; i++) {
        uint32_t group = 0, entrant = (uint32_t)i;
        status = number_of(&groups, points->group ? points->group[i] : 0, 0, &group, errors);
        if (!status && contest->pick)
            status = number_of(&entrants, group, contest->pick[i], &entrant, errors);
        if (!status && entrant == *n && !es_grow((void **)choice, &capacity, *n + 1, sizeof **choice))
            status = es_fail_memory(errors);
        if (status)
            break;
        es_choice *c = &(*choice)[entrant];
        const bool is_new = entrant == *n;
        *n += is_new;
        for (unsigned k = 0; k < view->d; k++) {
            value[k] = es_view_at(view, k, i);
            best[k] = is_new ? 0 : es_view_at(view, k, c->index);
        }
        if (is_new || es_is_better(value, i, best, c->index, view->d))
            *c = (es_choice){.index = i, .group = group, .kin = contest->kin ? contest->kin[i] : 0};
    }
    es_keys_free(&groups);
    es_keys_free(&entrants);
    return status;
}

/* Up to `top` rows of each group, in rank order. */
static size_t list_rows(const es_choice *choice, size_t n, size_t top, uint64_t *row) {
    size_t listed = 0, rank = 0;
    for (size_t i = 0; i < n; i++) {
        rank = i && choice[i].group == choice[i - 1].group ? rank + 1 : 1;
        if (rank <= top)
            row[listed++] = choice[i].index;
    }
    return listed;
}

es_status es_best_choices(const es_points *points, const es_contest *contest, es_index *rows, es_errors *errors) {
    es_view view = {0};
    es_choice *choice = NULL;
    size_t n = 0;
    es_status status = es_view_init(&view, points, errors);
    if (!status && !(contest->margin >= 0 && contest->margin <= HUGE_VAL))
        status = es_fail(errors, ES_EUSAGE, NULL, "margin %g: expected a number from 0 on", contest->margin);
    if (!status)
        status = es_points_check_finite(points, errors);
    if (!status)
        status = collect(&view, points, contest, &choice, &n, errors);
    double *value = status ? NULL : malloc((n * view.d + 1) * sizeof *value);
    uint64_t *row = status ? NULL : malloc((n + 1) * sizeof *row);
    if (!status && (!value || !row))
        status = es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++) {
        choice[i].value = value + i * view.d;
        for (unsigned k = 0; k < view.d; k++)
            value[i * view.d + k] = es_view_at(&view, k, choice[i].index);
    }
    if (!status) {
        if (n)
            es_choices_rank(choice, n, view.d, contest->kin ? contest->margin : 0);
        const size_t count = list_rows(choice, n, contest->top ? contest->top : 1, row);
        *rows = (es_index){count ? row : NULL, count};
        row = count ? NULL : row;
    }
    free(choice), free(value), free(row);
    return status;
}
