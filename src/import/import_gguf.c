#include "import/import_gguf.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "import/gguf_model.h"
#include "import/gguf_reader.h"
#include "import/gguf_rules.h"

enum { MAX_LAYERS = 4096 };

/* ---- Names ---- */

/* Q4_K_M, IQ2_XS, TQ1_0, MXFP4_MOE, BF16, UD */
static bool is_type(es_slice word) {
    static const char *const names[] = {"Q?_*", "IQ?_*", "TQ?_*", "MXFP4*", "NVFP4*", "F16", "F32", "BF16", "UD"};
    char text[40];
    es_copy_text(text, sizeof text, word);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (word.length < sizeof text && es_glob_match(es_slice_of(names[i]), text))
            return true;
    return false;
}

/* The file's name without folder, `.gguf`, the number of the part and the types (`-UD-Q4_K_XL`), which go to `types`. */
static es_slice model_name(const char *path, es_slice *types) {
    const char *slash = strrchr(path, '/');
    es_slice name = es_slice_of(slash ? slash + 1 : path);
    if (name.length > 5 && es_slice_equal_fold((es_slice){name.text + name.length - 5, 5}, ".gguf"))
        name.length -= 5;
    const size_t part = strlen("-00001-of-00002");
    char tail[16] = "";
    if (name.length > part)
        memcpy(tail, name.text + name.length - part, part);
    if (es_glob_match(es_slice_of("-*-of-*"), tail))
        name.length -= part;
    const size_t whole = name.length;
    for (size_t i = name.length; i-- > 1;) {
        if (strchr("-.", name.text[i]) == NULL)
            continue;
        if (!is_type((es_slice){name.text + i + 1, name.length - i - 1}))
            break;
        name.length = i;
    }
    *types = (es_slice){name.text + name.length, whole - name.length};
    if (types->length > 0)
        *types = (es_slice){types->text + 1, types->length - 1};
    return name;
}

es_status es_gguf_import_name(es_gguf_import *import, const char *name, es_arena *arena, es_errors *errors) {
    const char *clean = es_import_name(arena, es_slice_of(name));
    if (clean == NULL)
        return es_fail_memory(errors);
    import->model.text[ES_M_NAME] = clean;
    import->precision = import->known ? import->known->name : es_arena_printf(arena, "%s-%s", clean, import->types);
    return import->precision ? ES_OK : es_fail_memory(errors);
}

static es_status name_all(es_gguf_reader *m) {
    es_slice types;
    const char *name = es_arena_text(m->arena, model_name(m->path, &types));
    const char *own = types.length > 0         ? es_import_name(m->arena, types)
                      : *m->out->label != '\0' ? m->out->label
                                               : m->out->base_type;
    m->out->types = own;
    return name && own ? es_gguf_import_name(m->out, name, m->arena, m->errors) : es_fail_memory(m->errors);
}

/* ---- All of it ---- */

/* Files that hold no language model say so. */
static void read_head(es_gguf_reader *m) {
    static const struct {
        const char *arch, *is;
    } others[] = {{"*bert*", "an encoder"},
                  {"t5*", "an encoder"},
                  {"gemma-embedding", "a model of embeddings"},
                  {"llama-embed", "a model of embeddings"},
                  {"wavtokenizer*", "a decoder of sound"},
                  {"eagle3", "a drafter that reads the states of another model"},
                  {"dflash*", "a drafter that reads the states of another model"},
                  {"gemma4-assistant", "a drafter that reads the states of another model"}};
    const es_gguf_key *arch = es_gguf_find_key(&m->file, "general.architecture");
    const es_gguf_key *type = es_gguf_find_key(&m->file, "general.type");
    if (type && type->text && strcmp(type->text, "adapter") == 0)
        es_gguf_fail(m, "an adapter (LoRA) for a model, not a model: import the model that it was made for");
    if (arch == NULL || arch->text == NULL || *arch->text == '\0' || strlen(arch->text) > 64) {
        es_gguf_fail(m, "metadata 'general.architecture': expected a name");
        return;
    }
    if (strcmp(arch->text, "clip") == 0 || (type && type->text && strcmp(type->text, "mmproj") == 0))
        es_gguf_fail(m,
                     "a projector for images or sound (architecture '%s'), not a language model: its bytes are the "
                     "projector_bytes of the model it belongs to",
                     es_quote_text(arch->text).text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (es_glob_match(es_slice_of(others[i].arch), arch->text))
            es_gguf_fail(m, "%s (architecture '%s'), not a language model that decodes token by token", others[i].is,
                         es_quote_text(arch->text).text);
    if (type && type->text && strcmp(type->text, "imatrix") == 0)
        es_gguf_fail(m, "an importance matrix, not a model");
    m->arch = arch->text;
    const double blocks = m->status == ES_OK ? es_gguf_count(m, "block_count", NAN) : 1;
    const double mtp = es_gguf_count(m, "nextn_predict_layers", 0);
    if (m->status == ES_OK && (blocks < 1 || blocks > MAX_LAYERS))
        es_gguf_fail(m, "metadata 'block_count': expected 1 to %d", MAX_LAYERS);
    if (m->status == ES_OK && mtp >= blocks)
        es_gguf_fail(m, "metadata 'nextn_predict_layers': expected fewer than there are blocks");
    if (m->status != ES_OK)
        return;
    m->mtp = (size_t)mtp;
    m->layers = (size_t)blocks - m->mtp;
    m->layer = es_arena_array(m->arena, m->layers, sizeof *m->layer);
    if (m->layer == NULL)
        m->status = es_fail_memory(m->errors);
}

es_status es_import_gguf(FILE *stream, const char *path, const es_catalog *catalog, es_arena *arena,
                         es_gguf_import *import, es_errors *errors) {
    es_gguf_reader m = {.path = path, .catalog = catalog, .arena = arena, .errors = errors, .arch = "", .out = import};
    *import = (es_gguf_import){0};
    es_model_row_begin(&import->model);
    m.status = es_gguf_file_read_parts(stream, path, arena, &m.file, errors);
    if (m.status == ES_OK)
        read_head(&m);
    if (m.status == ES_OK)
        es_gguf_add_tensors(&m);
    if (m.status == ES_OK)
        es_gguf_read_model(&m);
    if (m.status == ES_OK)
        m.status = es_gguf_read_rules(&m);
    return m.status ? m.status : name_all(&m);
}

/* ---- Lines of tables ---- */

void es_gguf_import_print_precision(FILE *out, const es_gguf_import *import) {
    const char *cells[ES_P_FIELDS];
    const char *base = import->base_type;
    const char *compute = strcmp(base, "F32") == 0                                ? "fp32"
                          : strcmp(base, "F16") == 0 || strcmp(base, "BF16") == 0 ? "fp16"
                                                                                  : "int8";
    for (int f = 0; f < ES_P_FIELDS; f++)
        cells[f] = import->known ? import->known->text[f] : "";
    cells[ES_P_NAME] = import->precision;
    if (!import->known) {
        cells[ES_P_KIND] = "gguf";
        cells[ES_P_ACTIVATION_BITS] = strcmp(compute, "int8") == 0 ? "8" : strcmp(compute, "fp16") == 0 ? "16" : "32";
        cells[ES_P_KV_BITS] = "16";
        cells[ES_P_COMPUTE] = compute;
        cells[ES_P_SOURCE] = "GGUF header";
    }
    es_catalog_row(out, cells, ES_P_FIELDS);
}

static void print_rule(FILE *out, const es_gguf_import *import, const es_import_rule *rule) {
    const char *cells[ES_X_FIELDS];
    cells[ES_X_FILE_TYPE] = import->precision;
    cells[ES_X_BASE_TYPE] = import->base_type;
    cells[ES_X_ROLE] = rule->role;
    cells[ES_X_QUANTIZER] = "";
    cells[ES_X_CONDITION] = rule->condition;
    cells[ES_X_TENSOR_TYPE] = rule->type;
    es_catalog_row(out, cells, ES_X_FIELDS);
}

void es_gguf_import_print_mixture(FILE *out, const es_gguf_import *import) {
    if (import->known)
        return;
    print_rule(out, import, &(es_import_rule){"*", "otherwise", import->base_type});
    for (size_t i = 0; i < import->n_rules; i++)
        print_rule(out, import, &import->rule[i]);
}

void es_gguf_import_print_types(FILE *out, const es_gguf_import *import) {
    fputs("type,tensors,weights,bytes\n", out);
    for (size_t i = 0; i < import->n_types; i++) {
        const es_import_type *t = &import->type[i];
        fprintf(out, "%s,%zu,%.0f,%.0f\n", t->name, t->tensors, t->weights, t->bytes);
    }
}
