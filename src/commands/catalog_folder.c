#include "commands/catalog_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "import/import_row.h"
#include "catalog/file.h"
#include "io/output.h"

/* The first cell as written. */
static size_t first_cell(const char *line) {
    if (*line != '"')
        return strcspn(line, ",\n");
    size_t i = 1;
    while (line[i] != '\0' && (line[i] != '"' || line[i + 1] == '"'))
        i += line[i] == '"' ? 2 : 1;
    return line[i] == '"' ? i + 1 : i;
}

static bool begins_alike(const char *line, const char *first) {
    const size_t n = first_cell(first);
    return strncmp(line, first, n) == 0 && (line[n] == ',' || line[n] == '\n' || line[n] == '\0');
}

/* The lines of `old` behind its header that begin with another cell; a last line without its end gets one. */
static void copy_others(FILE *out, const char *old, const char *first) {
    for (const char *line = old; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        if (length > 0 && !begins_alike(line, first))
            fprintf(out, "%.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static es_status replace_file(const char *path, const char *header, const char *old, const char *first,
                              const char *rows, es_errors *errors) {
    char *text = NULL;
    size_t size = 0;
    es_output *out = NULL;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        return es_fail_memory(errors);
    fputs(header, memory);
    copy_others(memory, old, first);
    fputs(rows, memory);
    const bool whole = !ferror(memory);
    es_status status = fclose(memory) == 0 && whole && text ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = es_output_open(&out, path, NULL, errors);
    if (!status)
        status = es_output_write(out, text, size, errors);
    if (status)
        es_output_abort(out);
    else
        status = es_output_commit(out, 0, errors);
    free(text);
    return status;
}

static es_status put(const char *path, const char *header, const char *first, const char *rows, es_errors *errors) {
    char *text = NULL;
    size_t size = 0;
    es_status status = es_file_read(path, &text, &size, errors);
    char *old = status ? NULL : calloc(1, size + 1);
    if (!status && old == NULL)
        status = es_fail_memory(errors);
    if (!status && text)
        memcpy(old, text, size);
    const size_t n = strlen(header);
    if (!status && text && (strlen(old) != size || strncmp(old, header, n) != 0))
        status = es_fail(errors, ES_EUSAGE, &(es_origin){path, 1, 0}, "other columns than those of an import: %s",
                         es_quote_text(old).text);
    if (!status && (text || *rows != '\0'))
        status = replace_file(path, header, text ? old + n : "", first, rows, errors);
    free(old);
    free(text);
    return status;
}

es_status es_catalog_folder_put(const char *folder, es_kind kind, const char *first, const char *rows,
                                es_errors *errors) {
    char path[PATH_MAX], *header = NULL;
    size_t size = 0;
    const int n = snprintf(path, sizeof path, "%s/%s.csv", folder, es_fields(kind)->name);
    if (n < 0 || (size_t)n >= sizeof path)
        return es_fail(errors, ES_EUSAGE, NULL, "path too long: '%s'", es_quote_text(folder).text);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return es_fail_errno(errors, "cannot make folder", folder);
    FILE *memory = open_memstream(&header, &size);
    if (memory == NULL)
        return es_fail_memory(errors);
    es_catalog_header(memory, kind);
    /* glibc (2.36) says nothing when it loses the text for lack of memory. */
    es_status status = fclose(memory) == 0 && header ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = put(path, header, first, rows, errors);
    free(header);
    return status;
}
