/* Words for what a field accepts. */
#include <edgesweep/catalog.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to a terminated text as far as there is room. */
static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

static void append_choices(const es_field *field, char *text, size_t size) {
    append(text, size, "one of ");
    for (size_t i = 0; field->choices[i]; i++)
        append(text, size, "%s%s", i > 0 ? ", " : "", field->choices[i]);
}

static void append_range(const es_field *field, char *text, size_t size) {
    bool has_max = field->max < ES_HUGE;
    append(text, size, field->type == ES_COUNT ? "a whole number " : "a number ");
    if (field->flags & ES_EXCLUSIVE)
        append(text, size, has_max ? "above %.10g and at most %.10g" : "above %.10g", field->min, field->max);
    else
        append(text, size, has_max ? "from %.10g to %.10g" : "of at least %.10g", field->min, field->max);
    if (field->unit[0])
        append(text, size, " (%s)", field->unit);
}

void es_field_expects(const es_field *field, char *text, size_t size) {
    text[0] = '\0';
    switch (field->type) {
    case ES_COUNT:
    case ES_REAL: append_range(field, text, size); break;
    case ES_FLAG: append(text, size, "0 or 1"); break;
    case ES_CHOICE: append_choices(field, text, size); break;
    case ES_OPENSET:
    case ES_NOTED:
    case ES_TEXT: append(text, size, "text"); break;
    }
}
