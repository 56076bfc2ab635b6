/* config.json files of real models against the rows of the catalog; faulty ones. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/catalog.h>

#include "analyse/import_hf.h"

static const char folder[] = "tests/data/hf";

static void expect_same_shape(const char *name, const es_shape *ours, const es_shape *theirs) {
#define EXPECT_MEMBER(member, id)                                                                                      \
    cr_expect_eq(ours->member, theirs->member, "%s: " #member " %g, catalog %g", name, ours->member, theirs->member);
    if (theirs->n_experts > 0 &&
        theirs->first_dense == 0) { /* all layers have experts: nothing reads the dense width */
        EXPECT_MEMBER(n_experts, N_EXPERTS)
    } else {
        EXPECT_MEMBER(intermediate, INTERMEDIATE)
    }
    EXPECT_MEMBER(layers, LAYERS)
    EXPECT_MEMBER(hidden, HIDDEN)
    EXPECT_MEMBER(vocab, VOCAB)
    EXPECT_MEMBER(heads, HEADS)
    EXPECT_MEMBER(kv_heads, KV_HEADS)
    EXPECT_MEMBER(head_dim, HEAD_DIM)
    EXPECT_MEMBER(tied, TIED)
    EXPECT_MEMBER(ffn_matrices, FFN_MATRICES)
    EXPECT_MEMBER(norm, NORM)
    EXPECT_MEMBER(n_experts, N_EXPERTS)
    EXPECT_MEMBER(n_active, N_ACTIVE)
    EXPECT_MEMBER(n_shared, N_SHARED)
    EXPECT_MEMBER(kv_lora_rank, KV_LORA_RANK)
    EXPECT_MEMBER(conv_layers, CONV_LAYERS)
}

Test(import_hf, parameters_of_real_models) {
    es_catalog catalog;
    es_errors errors = {0};
    DIR *dir = opendir(folder);
    int models = 0;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, &errors), ES_OK);
    cr_assert_not_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[512], name[256];
        es_arena arena = {0};
        es_model_row row;
        snprintf(name, sizeof name, "%s", entry->d_name);
        char *suffix = strstr(name, ".json");
        if (suffix == NULL)
            continue;
        *suffix = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        const es_row *known = es_table_find(&catalog.table[ES_MODEL], name, strlen(name));
        cr_assert_not_null(known, "%s", name);
        const es_status status = es_import_hf(path, &arena, &row, &errors);
        es_errors_print(&errors, stderr);
        cr_assert_eq(status, ES_OK, "%s", name);
        const es_shape ours = es_model_row_shape(&row), theirs = es_shape_of(known);
        const es_params a = es_count_params(&ours), b = es_count_params(&theirs);
        cr_expect_eq(a.total, b.total, "%s: %.0f parameters, catalog %.0f", name, a.total, b.total);
        cr_expect_eq(a.active, b.active, "%s: %.0f active, catalog %.0f", name, a.active, b.active);
        expect_same_shape(name, &ours, &theirs);
        cr_expect_str_eq(row.text[ES_M_ATTN], known->text[ES_M_ATTN], "%s", name);
        cr_expect_str_eq(row.text[ES_M_FAMILY], known->text[ES_M_FAMILY], "%s", name);
        cr_expect_eq(row.value[ES_M_GLOBAL_EVERY], known->value[ES_M_GLOBAL_EVERY], "%s", name);
        es_arena_free(&arena);
        errors = (es_errors){0};
        models++;
    }
    closedir(dir);
    es_catalog_free(&catalog);
    cr_expect_geq(models, 60);
}

/* Models that the catalog does not have: parameters as their authors count them, text decoders of multimodal ones. */
Test(import_hf, published_parameters) {
    FILE *list = fopen("tests/data/hf_published/params.csv", "r");
    char line[256];
    int models = 0;
    cr_assert_not_null(list);
    cr_assert_not_null(fgets(line, sizeof line, list));
    while (fgets(line, sizeof line, list)) {
        char name[128], path[256];
        double published;
        es_arena arena = {0};
        es_errors errors = {0};
        es_model_row row;
        cr_assert_eq(sscanf(line, "%127[^,],%lf", name, &published), 2, "%s", line);
        snprintf(path, sizeof path, "tests/data/hf_published/%s.json", name);
        cr_assert_eq(es_import_hf(path, &arena, &row, &errors), ES_OK, "%s", name);
        const es_shape shape = es_model_row_shape(&row);
        cr_expect_eq(es_count_params(&shape).total, published, "%s: %.0f parameters, published %.0f", name,
                     es_count_params(&shape).total, published);
        es_arena_free(&arena);
        models++;
    }
    fclose(list);
    cr_expect_geq(models, 26);
}

#define LLAMA "\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2, \"intermediate_size\": 128"

static es_status import(const char *json, size_t size, es_model_row *row, es_errors *errors) {
    es_arena arena = {0};
    const es_status status = es_import_hf_text("config.json", json, size, &arena, row, errors);
    for (int f = 0; f < ES_M_FIELDS; f++)
        row->text[f] = "";
    es_arena_free(&arena);
    return status;
}

/* What is wrong, and a word that the message must have. */
Test(import_hf, faulty_files) {
    static const struct {
        const char *json, *says;
    } faulty[] = {
        {"", "not JSON"},
        {"{", "config.json:1"},
        {"[]", "object"},
        {"null", "not JSON"},
        {"{}", "'model_type'"},
        {"{\"model_type\": 7}", "'model_type'"},
        {"{\"model_type\": \"mamba2\"}", "unknown architecture 'mamba2'"},
        {"{\"model_type\": \"lama\"}", "did you mean 'llama'"},
        {"{\"model_type\": \"a\\u001b[31mb\"}", "\\x1b"},
        {"{\"model_type\": \"llama\", \"model_type\": \"llama\"}", "not JSON"},
        {"{\"model_type\": \"qwen2\"}", "'num_hidden_layers'"},
        {"{\"model_type\": \"gpt2\", \"n_layer\": 2}", "'n_embd'"},
        {"{" LLAMA ", \"num_attention_heads\": \"32\"}", "'num_attention_heads'"},
        {"{" LLAMA ", \"num_attention_heads\": 0}", "'num_attention_heads'"},
        {"{" LLAMA ", \"num_attention_heads\": 3}", "'num_attention_heads'"},
        {"{" LLAMA ", \"num_attention_heads\": -4}", "'num_attention_heads'"},
        {"{" LLAMA ", \"num_attention_heads\": 4.5}", "'num_attention_heads'"},
        {"{" LLAMA ", \"num_attention_heads\": 4, \"num_key_value_heads\": 3}", "'num_key_value_heads'"},
        {"{" LLAMA ", \"vocab_size\": 1e300}", "'vocab_size'"},
        {"{" LLAMA ", \"vocab_size\": 9223372036854775807}", "'vocab_size'"},
        {"{" LLAMA ", \"vocab_size\": {\"a\": 1}}", "'vocab_size'"},
        {"{" LLAMA ", \"tie_word_embeddings\": \"yes\"}", "'tie_word_embeddings'"},
        {"{" LLAMA ", \"attention_bias\": 2}", "'attention_bias'"},
        {"{" LLAMA ", \"num_local_experts\": 8}", "'num_local_experts'"},
        {"{" LLAMA ", \"layer_sharing\": true}", "'layer_sharing'"},
        {"{" LLAMA ", \"is_encoder_decoder\": true}", "'is_encoder_decoder'"},
        {"{" LLAMA ", \"layer_types\": [\"full_attention\"]}", "'layer_types'"},
        {"{" LLAMA ", \"layer_types\": [\"full_attention\", \"mamba\"]}", "'layer_types'"},
        {"{" LLAMA ", \"layer_types\": [1, 2]}", "'layer_types'"},
        {"{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2}", "'intermediate_size'"},
        {"{\"model_type\": \"mixtral\", \"hidden_size\": 64, \"num_hidden_layers\": 2, \"intermediate_size\": 8}",
         "'num_local_experts'"},
        {"{\"text_config\": {\"model_type\": \"clip_text\"}, \"model_type\": \"clip\"}", "'clip_text'"},
    };
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        es_errors errors = {0};
        es_model_row row;
        cr_expect_eq(import(faulty[i].json, strlen(faulty[i].json), &row, &errors), ES_EUSAGE, "%s", faulty[i].json);
        cr_expect_eq(errors.n_errors, 1, "%s", faulty[i].json);
        cr_expect_not_null(strstr(errors.error[0].text, faulty[i].says), "%s: %s", faulty[i].json,
                           errors.error[0].text);
    }
}

Test(import_hf, hostile_files) {
    enum { DEEP = 100000 };
    es_errors errors = {0};
    es_model_row row;
    char *deep = malloc(DEEP), *large = calloc(1, ES_CONFIG_MAX_BYTES + 1);
    cr_assert(deep && large);
    memset(deep, '[', DEEP);
    cr_expect_eq(import(deep, DEEP, &row, &errors), ES_EUSAGE);
    cr_expect_eq(import(large, ES_CONFIG_MAX_BYTES + 1, &row, &errors), ES_EUSAGE);
    cr_expect_eq(import("{\"a\0b\": 1}", 10, &row, &errors), ES_EUSAGE, "NUL in a name");
    cr_expect_eq(import("{\"a\": \"\xff\"}", 10, &row, &errors), ES_EUSAGE, "invalid UTF-8");
    free(deep);
    free(large);
}

Test(import_hf, names) {
    static const struct {
        const char *json, *name, *hf_id;
    } named[] = {
        {"\"_name_or_path\": \"org/Some-Model\"", "Some-Model", "org/Some-Model"},
        {"\"_name_or_path\": \"Some-Model\"", "Some-Model", ""},
        {"\"_name_or_path\": \"/home/me/model\"", "model", ""},
        {"\"_name_or_path\": \"line\\nfeed\"", "line_feed", ""},
        {"\"_name_or_path\": 3", "", ""},
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        es_arena arena = {0};
        es_model_row row;
        char json[400];
        snprintf(json, sizeof json, "{" LLAMA ", %s}", named[i].json);
        cr_expect_eq(es_import_hf_text("config.json", json, strlen(json), &arena, &row, NULL), ES_OK, "%s", json);
        cr_expect_str_eq(row.text[ES_M_NAME], named[i].name);
        cr_expect_str_eq(row.text[ES_M_HF_ID], named[i].hf_id);
        es_arena_free(&arena);
    }
}
