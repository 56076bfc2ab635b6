#include "engine/rows.h"

#include <stdlib.h>
#include <string.h>

#include "engine/assemble.h"
#include "engine/cells.h"
#include "engine/text_cache.h"
#include "io/format.h"

enum {
    BLOCK = ES_PIECE_BLOCK,
    SLACK = 2 * BLOCK,
    CACHED_CELLS = 16384,     /* of one column and */
    ALL_CACHED_CELLS = 32768, /* of all columns: half of a typical L2 cache */
    FEW = 8,                  /* fewer numbers are not worth a call of the column formatter */
    SHORT_DIGITS = 9,
    APART = 4 /* short cells between columns, which would share sets of the L1 cache if a power of two apart */
};

/* One output column. */
typedef struct cell_column {
    const es_column *column;
    uint16_t node;
    es_cell_style style;
    size_t width;      /* longest cell, separators included */
    bool plain_number; /* the column formatter can make it whole */
    char *label_texts; /* n_labels + 1 finished cells, label_stride apart; NULL for numbers */
    uint32_t *label_length, label_stride;
    char separator; /* of plain numbers */
} cell_column;

typedef enum segment_kind {
    SEGMENT_JOINED, /* several columns, joined once per combination */
    SEGMENT_FRESH,  /* one column of numbers that differ from row to row */
    SEGMENT_LABELS  /* one column of labels that differ from row to row */
} segment_kind;

typedef struct segment {
    segment_kind kind;
    size_t first, count;       /* output columns */
    uint64_t mask;             /* axes whose moves make its text stale */
    const es_pattern *pattern; /* NULL: the same text in all rows of a tile */
    size_t stride;             /* bytes per text, a multiple of BLOCK */
    bool by_split;
    es_cache_plan cache; /* FRESH */
} segment;

struct es_row_format {
    const es_sweep *sweep;
    const es_program *program;
    es_csv_options options;
    cell_column *columns;
    size_t n_columns;
    segment *segments;
    size_t n_segments;
    size_t width; /* longest row */
    const es_column *count;
    es_cell_style last, before_count; /* with a count: the last column without and with one behind it */
    es_cell_style counts;
    es_labels labels;
    size_t points; /* largest tile */
    size_t cached_cells;
};

typedef struct segment_text {
    char *text;
    uint32_t *length;
    uint64_t pending; /* axes that moved since the text was made */
} segment_text;

/* Where a column's cells go: short ones, or long ones once a cell was too long. */
typedef struct cell_room {
    es_short_cell *short_cell;
    es_cell *long_cell;
    bool is_long;
} cell_room;

typedef struct fresh_column {
    cell_room room;
    uint32_t *length;    /* of long cells */
    es_text_cache cache; /* of short cells */
} fresh_column;

struct es_row_writer {
    const es_row_format *format;
    segment_text *texts;            /* per segment */
    fresh_column *fresh;            /* per segment */
    size_t coordinate[ES_MAX_AXES]; /* of the tile before: not every tile comes here */
    bool started;
    es_piece *pieces;
    const es_short_cell **run_cells; /* of all pieces, one after the other */
    es_short_cell *short_cells;      /* of all rooms */
    es_cell *long_cells;
    uint32_t *lengths;
    cell_room scratch;          /* points */
    double *compact;            /* points */
    uint16_t *subs;             /* LABELS: points per column */
    uint16_t *zeros, *counting; /* points: 0 0 0... and 0 1 2... */
    char *nothing;              /* what rows begin with that begin with a short cell */
    uint32_t no_length;
};

/* ---- buffers ---- */

bool es_buffer_reserve(es_buffer *buffer, size_t more) {
    return es_grow((void **)&buffer->data, &buffer->capacity, buffer->length + more + SLACK, 1);
}

void es_buffer_free(es_buffer *buffer) {
    free(buffer->data);
    *buffer = (es_buffer){0};
}

/* ---- format ---- */

/* The finished cells of all labels, where every piece can point at them. */
static es_status lay_labels_out(cell_column *c, es_errors *errors) {
    size_t n = c->column->n_labels + 1;
    c->label_stride = (uint32_t)((c->style.width + BLOCK - 1) / BLOCK * BLOCK + BLOCK);
    c->label_texts = calloc(n, c->label_stride);
    c->label_length = calloc(n, sizeof *c->label_length);
    if (!c->label_texts || !c->label_length)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++) {
        const es_label *label = &c->style.label[i];
        memcpy(c->label_texts + i * c->label_stride, label->text, label->length);
        c->label_length[i] = (uint32_t)label->length;
    }
    return ES_OK;
}

static es_status describe_columns(es_row_format *f, const int *columns, size_t n, es_errors *errors) {
    const es_sweep *sweep = f->sweep;
    f->n_columns = n;
    f->columns = calloc(f->n_columns + 1, sizeof *f->columns);
    if (!f->columns)
        return es_fail_memory(errors);
    for (size_t i = 0; i < f->n_columns; i++) {
        cell_column *c = &f->columns[i];
        c->column = &sweep->columns[columns[i]];
        c->node = (uint16_t)c->column->node;
        bool last = i + 1 == f->n_columns;
        es_status status = es_cell_style_make(&c->style, c->column, i == 0, last, &f->options, &f->labels, errors);
        if (!status && c->column->labels)
            status = lay_labels_out(c, errors);
        if (status)
            return status;
        c->width = c->style.width;
        c->plain_number = !c->column->labels && es_cell_is_plain(&f->options) && !(last && f->options.crlf);
        c->separator = last ? '\n' : f->options.delimiter;
        f->width += c->width;
    }
    return ES_OK;
}

static es_status describe_count(es_row_format *f, es_errors *errors) {
    if (!f->count)
        return ES_OK;
    const cell_column *c = &f->columns[f->n_columns - 1];
    f->last = c->style;
    const es_status status =
        es_cell_style_make(&f->before_count, c->column, f->n_columns == 1, false, &f->options, &f->labels, errors);
    return status ? status : es_cell_style_make(&f->counts, f->count, false, true, &f->options, &f->labels, errors);
}

static uint64_t tile_axes(const es_row_format *f, const es_tiling *tiling, size_t column) {
    return f->sweep->plan->node[f->columns[column].node].mask & tiling->tile_axes;
}

/* Columns that differ from row to row and from tile to tile have segments of their own; anything else is joined. */
static segment_kind kind_of(const es_row_format *f, const es_tiling *tiling, size_t column) {
    const cell_column *c = &f->columns[column];
    uint64_t mask = f->sweep->plan->node[c->node].mask;
    bool every_row = tiling->tile_axes != 0 && tile_axes(f, tiling, column) == tiling->tile_axes;
    bool every_tile = (mask & tiling->split_axis && tiling->per_run > 1) || mask & ~tiling->tile_axes;
    if (!every_row || !every_tile)
        return SEGMENT_JOINED;
    if (c->column->labels)
        return c->column->n_labels < UINT16_MAX ? SEGMENT_LABELS : SEGMENT_JOINED;
    return c->plain_number ? SEGMENT_FRESH : SEGMENT_JOINED;
}

/* In every segment's mask and in the first moves, so that texts that depend on no axis are made once. */
static const uint64_t ONCE = (uint64_t)1 << 63;

static es_status add_segment(es_row_format *f, es_program *program, const es_tiling *tiling, segment s,
                             es_errors *errors) {
    uint64_t axes = tile_axes(f, tiling, s.first);
    size_t width = 0;
    s.mask = ONCE;
    for (size_t i = s.first; i < s.first + s.count; i++) {
        s.mask |= f->sweep->plan->node[f->columns[i].node].mask;
        width += f->columns[i].width;
    }
    s.stride = (width + BLOCK - 1) / BLOCK * BLOCK + BLOCK;
    s.by_split = (axes & tiling->split_axis) != 0;
    if (axes && s.kind == SEGMENT_JOINED) {
        es_status status = es_program_add_pattern(program, axes, errors);
        if (status)
            return status;
        s.pattern = es_program_pattern(program, axes);
    }
    if (s.kind == SEGMENT_FRESH) {
        s.cache = es_cache_plan_make(f->sweep, tiling, s.mask & ~ONCE, CACHED_CELLS);
        if (f->cached_cells + s.cache.slots * tiling->points > ALL_CACHED_CELLS)
            s.cache.slots = 0;
        f->cached_cells += s.cache.slots * tiling->points;
    }
    f->segments[f->n_segments++] = s;
    return ES_OK;
}

static es_status make_segments(es_row_format *f, es_program *program, const es_tiling *tiling, es_errors *errors) {
    f->segments = calloc(f->n_columns + 1, sizeof *f->segments);
    if (!f->segments)
        return es_fail_memory(errors);
    for (size_t i = 0, end; i < f->n_columns; i = end) {
        segment_kind kind = kind_of(f, tiling, i);
        for (end = i + 1; end < f->n_columns && kind == SEGMENT_JOINED; end++)
            if (kind_of(f, tiling, end) != kind || tile_axes(f, tiling, end) != tile_axes(f, tiling, i))
                break;
        segment s = {.kind = kind, .first = i, .count = end - i};
        es_status status = add_segment(f, program, tiling, s, errors);
        if (status)
            return status;
    }
    return ES_OK;
}

es_status es_row_format_new(es_row_format **format, const es_sweep *sweep, const int *columns, size_t n,
                            const es_column *count, es_program *program, const es_csv_options *options,
                            es_errors *errors) {
    *format = NULL;
    es_row_format *f = calloc(1, sizeof *f);
    if (!f)
        return es_fail_memory(errors);
    const es_tiling *tiling = es_program_tiling(program);
    f->sweep = sweep;
    f->program = program;
    f->points = tiling->points;
    f->count = count;
    f->options = es_csv_defaults(*options);
    if (options->format == ES_JSON)
        f->options.format = ES_JSONL; /* row_sink makes the array */
    es_status status = describe_columns(f, columns, n, errors);
    if (!status)
        status = describe_count(f, errors);
    if (!status)
        status = make_segments(f, program, tiling, errors);
    if (status)
        es_row_format_free(f);
    else
        *format = f;
    return status;
}

void es_row_format_free(es_row_format *f) {
    if (!f)
        return;
    es_labels_free(&f->labels);
    for (size_t i = 0; f->columns && i < f->n_columns; i++)
        free(f->columns[i].label_texts), free(f->columns[i].label_length);
    free(f->columns), free(f->segments), free(f);
}

es_status es_row_format_header(const es_row_format *f, es_buffer *buffer, es_errors *errors) {
    const size_t n = f->n_columns + (f->count != NULL);
    const es_column **columns = calloc(n + 1, sizeof *columns);
    if (!columns)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++)
        columns[i] = i < f->n_columns ? f->columns[i].column : f->count;
    size_t need = es_header_size(columns, n);
    es_status status = es_buffer_reserve(buffer, need) ? ES_OK : es_fail_memory(errors);
    if (!status)
        buffer->length += es_header_text(columns, n, &f->options, buffer->data + buffer->length);
    free(columns);
    return status;
}

size_t es_row_format_count(const es_row_format *f, const char *row, size_t n, double count, char *to) {
    n -= f->last.suffix_length;
    memcpy(to, row, n);
    memcpy(to + n, f->before_count.suffix, f->before_count.suffix_length);
    n += f->before_count.suffix_length;
    return n + es_cell_text(&f->counts, count, to + n);
}

size_t es_row_format_count_size(const es_row_format *f) { return f->before_count.suffix_length + f->counts.width; }

/* ---- writers ---- */

static size_t count_segments(const es_row_format *f, segment_kind kind) {
    size_t n = 0;
    for (size_t s = 0; s < f->n_segments; s++)
        n += f->segments[s].kind == kind;
    return n;
}

/* Cells of all fresh columns and of the scratch room. */
static bool make_rooms(es_row_writer *w) {
    const es_row_format *f = w->format;
    size_t rooms = count_segments(f, SEGMENT_FRESH) + 1, stride = (f->points + 3) / 4 * 4 + APART;
    w->short_cells = aligned_alloc(64, rooms * stride * sizeof *w->short_cells);
    w->long_cells = aligned_alloc(64, (rooms * stride + 2) * sizeof *w->long_cells);
    w->lengths = calloc(rooms * stride, sizeof *w->lengths);
    if (!w->short_cells || !w->long_cells || !w->lengths)
        return false;
    size_t at = 0;
    for (size_t s = 0; s < f->n_segments; s++) {
        if (f->segments[s].kind != SEGMENT_FRESH)
            continue;
        w->fresh[s].room = (cell_room){.short_cell = w->short_cells + at, .long_cell = w->long_cells + at};
        w->fresh[s].length = w->lengths + at;
        at += stride;
    }
    w->scratch = (cell_room){.short_cell = w->short_cells + at, .long_cell = w->long_cells + at};
    return true;
}

static bool make_text(es_row_writer *w, size_t s) {
    const segment *seg = &w->format->segments[s];
    size_t distinct = seg->pattern ? seg->pattern->distinct : 1;
    w->texts[s].text = malloc(distinct * seg->stride + SLACK);
    w->texts[s].length = calloc(distinct, sizeof *w->texts[s].length);
    return w->texts[s].text && w->texts[s].length;
}

es_status es_row_writer_new(es_row_writer **writer, const es_row_format *f, es_errors *errors) {
    *writer = NULL;
    es_row_writer *w = calloc(1, sizeof *w);
    if (!w)
        return es_fail_memory(errors);
    w->format = f;
    w->texts = calloc(f->n_segments + 1, sizeof *w->texts);
    w->fresh = calloc(f->n_segments + 1, sizeof *w->fresh);
    w->pieces = calloc(f->n_segments + 1, sizeof *w->pieces);
    w->run_cells = calloc(f->n_segments + 1, sizeof *w->run_cells);
    w->compact = calloc(f->points + 1, sizeof *w->compact);
    w->zeros = calloc(2 * f->points + 1, sizeof *w->zeros);
    w->nothing = calloc(1, BLOCK);
    w->subs = calloc(count_segments(f, SEGMENT_LABELS) * f->points + 1, sizeof *w->subs);
    bool ok = w->texts && w->fresh && w->pieces && w->run_cells && w->compact && w->subs && w->zeros && w->nothing &&
              make_rooms(w);
    w->counting = w->zeros + f->points;
    for (size_t i = 0; ok && i < f->points; i++)
        w->counting[i] = (uint16_t)i;
    for (size_t s = 0; ok && s < f->n_segments; s++) {
        const segment *seg = &f->segments[s];
        if (seg->cache.slots)
            ok = !es_text_cache_init(&w->fresh[s].cache, &seg->cache, es_program_tiling(f->program), NULL);
        if (ok && seg->kind == SEGMENT_JOINED)
            ok = make_text(w, s);
    }
    if (!ok) {
        es_row_writer_free(w);
        return es_fail_memory(errors);
    }
    *writer = w;
    return ES_OK;
}

void es_row_writer_free(es_row_writer *w) {
    if (!w)
        return;
    for (size_t s = 0; w->texts && s < w->format->n_segments; s++)
        free(w->texts[s].text), free(w->texts[s].length);
    for (size_t s = 0; w->fresh && s < w->format->n_segments; s++)
        es_text_cache_free(&w->fresh[s].cache);
    free(w->texts), free(w->fresh), free(w->pieces), free(w->short_cells), free(w->long_cells);
    free(w->lengths), free(w->run_cells), free(w->compact), free(w->subs), free(w->zeros), free(w->nothing), free(w);
}

static bool all_short(const es_row_format *f, const cell_column *c, const double *values, size_t n,
                      es_short_cell *cells) {
    if (c->column->whole)
        return es_format_short_counts(cells, values, n, c->separator) == n;
    return f->options.digits <= SHORT_DIGITS &&
           es_format_short_doubles(cells, values, n, f->options.digits, c->separator) == n;
}

static void format_numbers(const es_row_format *f, const cell_column *c, const double *values, size_t n,
                           cell_room *room) {
    if (!room->is_long && all_short(f, c, values, n, room->short_cell))
        return;
    room->is_long = true;
    if (c->column->whole)
        es_format_counts(room->long_cell, values, n, c->separator);
    else
        es_format_doubles(room->long_cell, values, n, f->options.digits, c->separator);
}

/* Copies a cell, BLOCK bytes at most; returns its length. */
static uint32_t cell_of(const cell_room *room, size_t i, char *to) {
    if (room->is_long) {
        memcpy(to, &room->long_cell[i], sizeof *room->long_cell);
        return room->long_cell[i].length;
    }
    memcpy(to, &room->short_cell[i], sizeof *room->short_cell);
    return room->short_cell[i].length;
}

/* Appends a column's cells to the texts of all combinations. */
static void append_column(es_row_writer *w, const segment *seg, segment_text *t, const cell_column *c,
                          const double *values, size_t distinct) {
    const es_row_format *f = w->format;
    bool uniform = es_program_uniform(f->program, c->node);
    bool column = c->plain_number && !uniform && distinct >= FEW;
    for (size_t d = 0; column && d < distinct; d++)
        w->compact[d] = values[seg->pattern->example[d]];
    w->scratch.is_long = false;
    if (column)
        format_numbers(f, c, w->compact, distinct, &w->scratch);
    for (size_t d = 0; d < distinct; d++) {
        char *to = t->text + d * seg->stride + t->length[d];
        size_t example = uniform || !seg->pattern ? 0 : seg->pattern->example[d];
        t->length[d] += column ? cell_of(&w->scratch, d, to) : (uint32_t)es_cell_text(&c->style, values[example], to);
    }
}

static void make_joined(es_row_writer *w, const segment *seg, segment_text *t, const es_eval *eval) {
    const es_row_format *f = w->format;
    const es_tiling *tiling = es_program_tiling(f->program);
    size_t n = seg->by_split ? es_eval_count(eval) : tiling->points;
    size_t distinct = seg->pattern ? es_pattern_count(seg->pattern, tiling, n) : 1;
    memset(t->length, 0, distinct * sizeof *t->length);
    for (size_t i = seg->first; i < seg->first + seg->count; i++)
        append_column(w, seg, t, &f->columns[i], es_eval_column(eval, f->columns[i].node), distinct);
}

/* Numbers of the rows that are wanted only; the cells of the others stay as they are. */
static void format_kept(es_row_writer *w, const cell_column *c, const double *values, const uint8_t *keep, size_t n,
                        cell_room *room) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        w->compact[m] = values[i];
        m += keep[i];
    }
    w->scratch.is_long = room->is_long;
    format_numbers(w->format, c, w->compact, m, &w->scratch);
    room->is_long = w->scratch.is_long;
    for (size_t i = 0, j = 0; i < n; i++)
        if (keep[i] && room->is_long)
            room->long_cell[i] = w->scratch.long_cell[j++];
        else if (keep[i])
            room->short_cell[i] = w->scratch.short_cell[j++];
}

/* The cells of a fresh column, where they lie now; NULL: they are long, in its room. */
static const es_short_cell *short_cells_of(es_row_writer *w, size_t number, const es_eval *eval, const uint8_t *sparse,
                                           uint64_t moved) {
    const segment *seg = &w->format->segments[number];
    const cell_column *c = &w->format->columns[seg->first];
    const double *values = es_eval_column(eval, c->node);
    fresh_column *fresh = &w->fresh[number];
    cell_room room = fresh->room;
    size_t n = es_eval_count(eval);
    bool cached = seg->cache.slots && !room.is_long, stale = true;
    if (cached)
        room.short_cell = es_text_cache_slot(&fresh->cache, &seg->cache, es_program_tiling(w->format->program),
                                             es_eval_coordinates(eval), moved, &stale);
    if (stale && sparse && !cached)
        format_kept(w, c, values, sparse, n, &room);
    else if (stale)
        format_numbers(w->format, c, values, n, &room);
    fresh->room.is_long = room.is_long;
    return room.is_long ? NULL : room.short_cell;
}

/* Axes that moved since the last tile that was written. */
static uint64_t moves(es_row_writer *w, const es_eval *eval) {
    const size_t *coordinate = es_eval_coordinates(eval);
    uint64_t moved = w->started ? 0 : UINT64_MAX;
    for (size_t a = 0; a < w->format->sweep->n_axes; a++) {
        if (coordinate[a] != w->coordinate[a])
            moved |= (uint64_t)1 << a;
        w->coordinate[a] = coordinate[a];
    }
    w->started = true;
    return moved;
}

static es_piece piece_of_labels(const es_row_format *f, const segment *seg, const es_eval *eval, uint16_t *sub) {
    const cell_column *c = &f->columns[seg->first];
    const double *values = es_eval_column(eval, c->node);
    size_t n = es_eval_count(eval), empty = c->column->n_labels;
    for (size_t i = 0; i < n; i++)
        sub[i] = (uint16_t)(values[i] >= 0 ? values[i] : (double)empty);
    return (es_piece){.text = c->label_texts, .length = c->label_length, .sub = sub, .stride = c->label_stride};
}

static es_piece piece_of_texts(const es_row_writer *w, const segment *seg, const segment_text *t) {
    return (es_piece){.text = t->text,
                      .length = t->length,
                      .sub = seg->pattern ? seg->pattern->sub : w->zeros,
                      .stride = (uint32_t)seg->stride};
}

static es_piece piece_of_long_cells(const es_row_writer *w, fresh_column *fresh, size_t n) {
    for (size_t i = 0; i < n; i++)
        fresh->length[i] = fresh->room.long_cell[i].length;
    return (es_piece){.text = fresh->room.long_cell->text,
                      .length = fresh->length,
                      .sub = w->counting,
                      .stride = sizeof *fresh->room.long_cell};
}

/* Adds a column of short cells to the run after the last piece's text. */
static size_t add_short_cells(es_row_writer *w, size_t n, const es_short_cell *cells, const es_short_cell **run_end) {
    *run_end = cells;
    if (n == 0)
        w->pieces[n++] = (es_piece){.text = w->nothing, .length = &w->no_length, .sub = w->zeros};
    es_piece *last = &w->pieces[n - 1];
    if (last->columns++ == 0)
        last->column = run_end;
    return n;
}

/* Brings every segment up to date with the tile; returns the number of pieces. */
static size_t make_pieces(es_row_writer *w, const es_eval *eval, const uint8_t *sparse) {
    const es_row_format *f = w->format;
    uint64_t moved = moves(w, eval);
    uint16_t *subs = w->subs;
    size_t n = 0;
    for (size_t s = 0; s < f->n_segments; s++) {
        const segment *seg = &f->segments[s];
        segment_text *t = &w->texts[s];
        if (seg->kind == SEGMENT_FRESH) {
            const es_short_cell *cells = short_cells_of(w, s, eval, sparse, moved);
            if (cells)
                n = add_short_cells(w, n, cells, &w->run_cells[s]);
            else
                w->pieces[n++] = piece_of_long_cells(w, &w->fresh[s], es_eval_count(eval));
        } else if (seg->kind == SEGMENT_LABELS) {
            w->pieces[n++] = piece_of_labels(f, seg, eval, subs);
            subs += f->points;
        } else {
            t->pending |= moved;
            if (t->pending & seg->mask)
                make_joined(w, seg, t, eval);
            t->pending = 0;
            w->pieces[n++] = piece_of_texts(w, seg, t);
        }
    }
    return n;
}

es_status es_row_writer_append(es_row_writer *w, const es_eval *eval, const uint8_t *keep, size_t from, size_t to,
                               es_buffer *buffer, es_errors *errors) {
    const es_row_format *f = w->format;
    if (!es_buffer_reserve(buffer, (to - from) * f->width + SLACK))
        return es_fail_memory(errors);
    size_t kept = 0;
    for (size_t i = from; keep && i < to; i++)
        kept += keep[i];
    size_t n = make_pieces(w, eval, keep && kept < (to - from) / 2 ? keep : NULL);
    char *end =
        ES_SIMD_PICK(es_assemble_rows)(w->pieces, n, keep, from, to, buffer->data + buffer->length, &buffer->rows);
    buffer->length = (size_t)(end - buffer->data);
    return ES_OK;
}
