#include "cli/json_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/json_text.h"

es_status es_typed_asked(es_cli *cli, bool *json, es_errors *errors) {
    enum { JSON = 4 }; /* of the formats in options.c */
    *json = es_given(cli, ES_OPT_JSON) || es_given(cli, ES_OPT_FORMAT);
    if (es_given(cli, ES_OPT_FORMAT) && es_count_of(cli, ES_OPT_FORMAT, JSON) != JSON)
        return es_usage(cli, errors, "--format: '%s' is not printed here; expected json",
                        es_quote_text(es_text_of(cli, ES_OPT_FORMAT)).text);
    return ES_OK;
}

json_t *es_typed_number(double value, bool whole) {
    if (!isfinite(value))
        return json_null();
    return whole && fabs(value) < 9e15 ? json_integer((json_int_t)value) : json_real(value);
}

json_t *es_typed_text(const char *text) { return text && *text ? json_string(text) : json_null(); }

static json_t *field_of(const es_field *field, const es_row *row, size_t f) {
    const double value = row->value[f];
    if (field->type == ES_CHOICE || field->type == ES_OPENSET)
        return row->text[f][0] ? json_string(row->text[f])
                               : es_typed_text(isnan(value) ? NULL : field->choices[(size_t)value]);
    return es_field_is_numeric(field) ? es_typed_number(value, value == floor(value)) : es_typed_text(row->text[f]);
}

json_t *es_typed_row(es_kind kind, const es_row *row) {
    const es_field_table *table = es_fields(kind);
    json_t *object = json_object(), *aliases = json_array();
    char origin[512];
    for (size_t f = 0; f < table->n_fields; f++)
        json_object_set_new(object, table->fields[f].name, field_of(&table->fields[f], row, f));
    for (size_t i = 0; row->aliases && row->aliases[i]; i++)
        json_array_append_new(aliases, json_string(row->aliases[i]));
    json_object_set_new(object, "aliases", aliases);
    snprintf(origin, sizeof origin, "%s:%llu", row->origin.file ? row->origin.file : "",
             (unsigned long long)row->origin.line);
    json_object_set_new(object, "origin", json_string(origin));
    return object;
}

es_status es_typed_print(json_t *value, es_errors *errors) {
    char *text = NULL;
    const es_status status = value ? es_json_write(value, JSON_INDENT(2) | JSON_REAL_PRECISION(9), "\n", &text, errors)
                                   : es_fail_memory(errors);
    json_decref(value);
    if (!status)
        fputs(text, stdout);
    free(text);
    return status;
}
