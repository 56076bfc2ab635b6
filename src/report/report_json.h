/* JSON that may stand inside a <script> element: no byte of any text can end it or start markup. */
#ifndef ES_REPORT_REPORT_JSON_H
#define ES_REPORT_REPORT_JSON_H

#include "io/text_out.h"

/* The text in quotes; <, >, & and controls as \uXXXX, bytes that are not UTF-8 as U+FFFD. */
es_status es_json_text(es_text_out *out, es_slice text, es_errors *errors);

/* The text of a decimal number as it is, or rewritten when JSON spells it differently (+1, .5, 007); null when it is none. */
es_status es_json_number(es_text_out *out, es_slice text, es_errors *errors);

/* Text that JSON reads as a number. */
bool es_json_is_number(es_slice text);

#endif
