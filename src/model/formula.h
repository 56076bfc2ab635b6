/* The nodes of a kernel from one file of rows.
 *
 * A kernel defines FORMULAS as the name of its .def file, the macros of its own kinds of rows, and includes this header,
 * which reads the .def under several definitions of its rows: for the ids, the code and the table.  Rows are
 *
 *     CONSTANT(name, value)
 *     NODE(id, unit, members...)                       a leaf, or the output of a block
 *     FORMULA(id, unit, source, shown, (inputs), expression)
 *     CODED(id, unit, source, shown, (inputs), function, expression)      `function` computes what the expression says
 *     SOLVED(id, unit, source, shown, (inputs), function, words)          `function` searches; there is no expression
 *     SIGNS(id, signs, why)                            what formula_signs.c cannot derive from the expression
 *
 * An expression sees its inputs as locals of their names, which are the ids of earlier rows; anything else does not compile
 * and an input that is not used is a warning.  Its text is the formula that users see, what signs are derived from, and
 * what test_formulas evaluates in 113 bits.  Words: the operators of C, min, max, floor, ceil, and the functions below.
 *
 * Loads come before the expression: inside a selection they would keep a loop from being vectorised.
 */
#ifndef FORMULA_TEXTS /* only mutants have other texts than code: scripts/mutate_formulas.py */
#define FORMULA_TEXTS FORMULAS
#endif

#ifndef ES_MODEL_FORMULA_H
#define ES_MODEL_FORMULA_H

#include <math.h>
#include <stddef.h>

#include "model/node.h"

static inline double min(double a, double b) { return a < b ? a : b; }
static inline double max(double a, double b) { return a > b ? a : b; }

static inline double floor_count(double x) { /* 0 <= x < 2^51; no call without SSE4.1 */
    double nearest = (x + 0x1p52) - 0x1p52;
    return nearest > x ? nearest - 1 : nearest;
}

static inline double ceil_count(double x) {
    double nearest = (x + 0x1p52) - 0x1p52;
    return nearest < x ? nearest + 1 : nearest;
}

/* The functions of formulas; formula_signs.c says how they rise and fall, test_formulas.c states them again. */
static inline bool is_given(double x) { return x == x; }
static inline double given(double x, double otherwise) { return x == x ? x : otherwise; }
static inline double if_larger(double a, double b) { return a > b ? a : 0; }
static inline double unless_larger(double a, double b) { return a > b ? 0 : b; }

/* Sum of min(s, window) over the n positions behind `start`. */
static inline double sum_in_window(double start, double n, double window) {
    double rising = max(0, min(n, window - start));
    return rising * start + rising * (rising + 1) / 2 + (n - rising) * window;
}

/* Index of the largest, the first of equals. */
static inline double largest(double a, double b, double c, double d, double e) {
    double most = a, which = 0;
    which = b > most ? 1 : which, most = b > most ? b : most;
    which = c > most ? 2 : which, most = c > most ? c : most;
    which = d > most ? 3 : which, most = d > most ? d : most;
    return e > most ? 4 : which;
}

/* ---- m(k, name) for each of up to 48 names in parentheses, k = 0, 1 ... ---- */
#define ES_EACH_1(m, k, a) m(k, a)
#define ES_EACH_2(m, k, a, ...) m(k, a) ES_EACH_1(m, k + 1, __VA_ARGS__)
#define ES_EACH_3(m, k, a, ...) m(k, a) ES_EACH_2(m, k + 1, __VA_ARGS__)
#define ES_EACH_4(m, k, a, ...) m(k, a) ES_EACH_3(m, k + 1, __VA_ARGS__)
#define ES_EACH_5(m, k, a, ...) m(k, a) ES_EACH_4(m, k + 1, __VA_ARGS__)
#define ES_EACH_6(m, k, a, ...) m(k, a) ES_EACH_5(m, k + 1, __VA_ARGS__)
#define ES_EACH_7(m, k, a, ...) m(k, a) ES_EACH_6(m, k + 1, __VA_ARGS__)
#define ES_EACH_8(m, k, a, ...) m(k, a) ES_EACH_7(m, k + 1, __VA_ARGS__)
#define ES_EACH_9(m, k, a, ...) m(k, a) ES_EACH_8(m, k + 1, __VA_ARGS__)
#define ES_EACH_10(m, k, a, ...) m(k, a) ES_EACH_9(m, k + 1, __VA_ARGS__)
#define ES_EACH_11(m, k, a, ...) m(k, a) ES_EACH_10(m, k + 1, __VA_ARGS__)
#define ES_EACH_12(m, k, a, ...) m(k, a) ES_EACH_11(m, k + 1, __VA_ARGS__)
#define ES_EACH_13(m, k, a, ...) m(k, a) ES_EACH_12(m, k + 1, __VA_ARGS__)
#define ES_EACH_14(m, k, a, ...) m(k, a) ES_EACH_13(m, k + 1, __VA_ARGS__)
#define ES_EACH_15(m, k, a, ...) m(k, a) ES_EACH_14(m, k + 1, __VA_ARGS__)
#define ES_EACH_16(m, k, a, ...) m(k, a) ES_EACH_15(m, k + 1, __VA_ARGS__)
#define ES_EACH_17(m, k, a, ...) m(k, a) ES_EACH_16(m, k + 1, __VA_ARGS__)
#define ES_EACH_18(m, k, a, ...) m(k, a) ES_EACH_17(m, k + 1, __VA_ARGS__)
#define ES_EACH_19(m, k, a, ...) m(k, a) ES_EACH_18(m, k + 1, __VA_ARGS__)
#define ES_EACH_20(m, k, a, ...) m(k, a) ES_EACH_19(m, k + 1, __VA_ARGS__)
#define ES_EACH_21(m, k, a, ...) m(k, a) ES_EACH_20(m, k + 1, __VA_ARGS__)
#define ES_EACH_22(m, k, a, ...) m(k, a) ES_EACH_21(m, k + 1, __VA_ARGS__)
#define ES_EACH_23(m, k, a, ...) m(k, a) ES_EACH_22(m, k + 1, __VA_ARGS__)
#define ES_EACH_24(m, k, a, ...) m(k, a) ES_EACH_23(m, k + 1, __VA_ARGS__)
#define ES_EACH_25(m, k, a, ...) m(k, a) ES_EACH_24(m, k + 1, __VA_ARGS__)
#define ES_EACH_26(m, k, a, ...) m(k, a) ES_EACH_25(m, k + 1, __VA_ARGS__)
#define ES_EACH_27(m, k, a, ...) m(k, a) ES_EACH_26(m, k + 1, __VA_ARGS__)
#define ES_EACH_28(m, k, a, ...) m(k, a) ES_EACH_27(m, k + 1, __VA_ARGS__)
#define ES_EACH_29(m, k, a, ...) m(k, a) ES_EACH_28(m, k + 1, __VA_ARGS__)
#define ES_EACH_30(m, k, a, ...) m(k, a) ES_EACH_29(m, k + 1, __VA_ARGS__)
#define ES_EACH_31(m, k, a, ...) m(k, a) ES_EACH_30(m, k + 1, __VA_ARGS__)
#define ES_EACH_32(m, k, a, ...) m(k, a) ES_EACH_31(m, k + 1, __VA_ARGS__)
#define ES_EACH_33(m, k, a, ...) m(k, a) ES_EACH_32(m, k + 1, __VA_ARGS__)
#define ES_EACH_34(m, k, a, ...) m(k, a) ES_EACH_33(m, k + 1, __VA_ARGS__)
#define ES_EACH_35(m, k, a, ...) m(k, a) ES_EACH_34(m, k + 1, __VA_ARGS__)
#define ES_EACH_36(m, k, a, ...) m(k, a) ES_EACH_35(m, k + 1, __VA_ARGS__)
#define ES_EACH_37(m, k, a, ...) m(k, a) ES_EACH_36(m, k + 1, __VA_ARGS__)
#define ES_EACH_38(m, k, a, ...) m(k, a) ES_EACH_37(m, k + 1, __VA_ARGS__)
#define ES_EACH_39(m, k, a, ...) m(k, a) ES_EACH_38(m, k + 1, __VA_ARGS__)
#define ES_EACH_40(m, k, a, ...) m(k, a) ES_EACH_39(m, k + 1, __VA_ARGS__)
#define ES_EACH_41(m, k, a, ...) m(k, a) ES_EACH_40(m, k + 1, __VA_ARGS__)
#define ES_EACH_42(m, k, a, ...) m(k, a) ES_EACH_41(m, k + 1, __VA_ARGS__)
#define ES_EACH_43(m, k, a, ...) m(k, a) ES_EACH_42(m, k + 1, __VA_ARGS__)
#define ES_EACH_44(m, k, a, ...) m(k, a) ES_EACH_43(m, k + 1, __VA_ARGS__)
#define ES_EACH_45(m, k, a, ...) m(k, a) ES_EACH_44(m, k + 1, __VA_ARGS__)
#define ES_EACH_46(m, k, a, ...) m(k, a) ES_EACH_45(m, k + 1, __VA_ARGS__)
#define ES_EACH_47(m, k, a, ...) m(k, a) ES_EACH_46(m, k + 1, __VA_ARGS__)
#define ES_EACH_48(m, k, a, ...) m(k, a) ES_EACH_47(m, k + 1, __VA_ARGS__)
#define ES_EACH_49(m, k, a, ...) m(k, a) ES_EACH_48(m, k + 1, __VA_ARGS__)
#define ES_PICK(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22,   \
                a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42,    \
                a43, a44, a45, a46, a47, a48, a49, name, ...)                                                          \
    name
#define ES_EACH_OF(m, ...)                                                                                             \
    ES_PICK(__VA_ARGS__, ES_EACH_49, ES_EACH_48, ES_EACH_47, ES_EACH_46, ES_EACH_45, ES_EACH_44, ES_EACH_43,           \
            ES_EACH_42, ES_EACH_41, ES_EACH_40, ES_EACH_39, ES_EACH_38, ES_EACH_37, ES_EACH_36, ES_EACH_35,            \
            ES_EACH_34, ES_EACH_33, ES_EACH_32, ES_EACH_31, ES_EACH_30, ES_EACH_29, ES_EACH_28, ES_EACH_27,            \
            ES_EACH_26, ES_EACH_25, ES_EACH_24, ES_EACH_23, ES_EACH_22, ES_EACH_21, ES_EACH_20, ES_EACH_19,            \
            ES_EACH_18, ES_EACH_17, ES_EACH_16, ES_EACH_15, ES_EACH_14, ES_EACH_13, ES_EACH_12, ES_EACH_11,            \
            ES_EACH_10, ES_EACH_9, ES_EACH_8, ES_EACH_7, ES_EACH_6, ES_EACH_5, ES_EACH_4, ES_EACH_3, ES_EACH_2,        \
            ES_EACH_1)                                                                                                 \
    (m, 0, __VA_ARGS__)
#define ES_NAMES(...) __VA_ARGS__
#define ES_EACH_IN(m, names) ES_EACH_IN_(m, ES_NAMES names)
#define ES_EACH_IN_(m, ...) ES_EACH_OF(m, __VA_ARGS__)

#define ES_LOAD_INPUT(k, name) const double name = in[k][i];
#define ES_INPUT_ID(k, name) N_##name,
#define ES_INPUT_IDS(inputs) ES_EACH_IN(ES_INPUT_ID, inputs)
#define ES_TEXT_OF(...) ES_TEXT_OF_(__VA_ARGS__)
#define ES_TEXT_OF_(...) #__VA_ARGS__

/* ---- How a row is shown ---- */
#define HIDDEN .flags = 0
#define SHOWN(help_) .flags = ES_METRIC, .help = help_
#define ON_DEMAND(help_) .flags = ES_METRIC | ES_QUIET, .help = help_
#define SEARCHED_ON_DEMAND(help_) .flags = ES_METRIC | ES_WHOLE | ES_QUIET | ES_SUBGRID, .help = help_
#define SHOWN_WHOLE(help_) .flags = ES_METRIC | ES_WHOLE, .help = help_
#define SHOWN_AS(labels_, help_) .flags = ES_METRIC | ES_LABELS, .labels = labels_, .help = help_
#define LABELLED(labels_) .flags = ES_LABELS, .labels = labels_
#define WARNS(help_) .flags = ES_WARNING, .help = help_

#endif

/* ---- Ids ---- */
#define CONSTANT(name, value)
#define NODE(id, ...) N_##id,
#define FORMULA(id, ...) N_##id,
#define CODED(id, ...) N_##id,
#define SOLVED(id, ...) N_##id,
#define SIGNS(id, signs, why)
enum {
#include FORMULAS
    N_NODES
};
#undef CONSTANT
#undef NODE
#undef FORMULA
#undef CODED
#undef SOLVED

/* ---- Code ---- */
#define floor floor_count
#define ceil ceil_count
#define CONSTANT(name, value) static const double name = value;
#define NODE(id, ...)
#define FORMULA(id, unit, source, shown, inputs, ...)                                                                  \
    static void F_##id(double *restrict out, const double *const *in, size_t n) {                                      \
        for (size_t i = 0; i < n; i++) {                                                                               \
            ES_EACH_IN(ES_LOAD_INPUT, inputs)                                                                          \
            out[i] = (__VA_ARGS__);                                                                                    \
        }                                                                                                              \
    }
#define CODED(id, ...)
#define SOLVED(id, ...)
#include FORMULAS
#undef CONSTANT
#undef NODE
#undef FORMULA
#undef CODED
#undef SOLVED
#undef floor
#undef ceil

/* ---- Table ---- */
#define CONSTANT(name, value)
#define NODE(id, unit_, ...) [N_##id] = {.name = #id, .unit = unit_, __VA_ARGS__},
#define FORMULA(id, unit, source, shown, inputs, ...)                                                                  \
    CODED(id, unit, source, ES_NAMES(shown), inputs, F_##id, __VA_ARGS__)
#define CODED(id, unit, source, shown, inputs, function, ...)                                                          \
    COMPUTED(id, unit, source, ES_NAMES(shown), inputs, function, ES_TEXT_OF(__VA_ARGS__), false)
#define SOLVED(id, unit, source, shown, inputs, function, words)                                                       \
    COMPUTED(id, unit, source, ES_NAMES(shown), inputs, function, words, true)
#define COMPUTED(id, unit_, source_, shown, inputs, function, text, searched_)                                         \
    [N_##id] = {.name = #id,                                                                                           \
                .unit = unit_,                                                                                         \
                .kind = ES_NODE_FN,                                                                                    \
                .source = source_,                                                                                     \
                .formula = text,                                                                                       \
                .searched = searched_,                                                                                 \
                .fn = function,                                                                                        \
                .n_in = sizeof((uint16_t[]){ES_INPUT_IDS(inputs)}) / sizeof(uint16_t),                                 \
                .in = {ES_INPUT_IDS(inputs)},                                                                          \
                shown},
static const es_node formula_nodes[] = {
#include FORMULA_TEXTS
};
#undef CONSTANT
#undef NODE
#undef FORMULA
#undef CODED
#undef SOLVED
#undef SIGNS

#define CONSTANT(name_, value_) {.name = #name_, .value = value_},
#define NODE(id, ...)
#define FORMULA(id, ...)
#define CODED(id, ...)
#define SOLVED(id, ...)
#define SIGNS(id, signs, why)
static const es_constant formula_constants[] = {
#include FORMULAS
    {0}};
#undef SIGNS
#define SIGNS(id, signs_, why) {N_##id, signs_},
#undef CONSTANT
#define CONSTANT(name_, value_)
static const es_known_signs formula_signs[] = {
#include FORMULAS
    {0}};
#undef CONSTANT
#undef NODE
#undef FORMULA
#undef CODED
#undef SOLVED
#undef SIGNS
