/* config.json files of real models against the rows of the catalog; faulty ones. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <edgesweep/catalog.h>

#include "import/import_hf.h"

static const char folder[] = "tests/data/hf";

/* Fields whose file and catalog row differ for a reason that the row's note tells, or that no file has. */
static bool may_differ(const char *name, int field) {
    return field == ES_M_PARAMS_PUBLISHED || field == ES_M_CONV_LAYERS || field == ES_M_NEWER ||
           field == ES_M_PROJECTOR_BYTES || field == ES_M_EXTRA_PARAMS ||
           (field == ES_M_MAX_CTX && strcmp(name, "Qwen2.5-1.5B") == 0) ||
           (field == ES_M_SLIDING_WINDOW && strcmp(name, "Phi-3-mini-4k") == 0);
}

static void expect_same_row(const char *name, const es_model_row *ours, const es_row *theirs) {
    const es_field *fields = es_fields(ES_MODEL)->fields;
    for (int f = 0; f < ES_M_FIELDS; f++) {
        const double a = ours->value[f], b = theirs->value[f];
        if (fields[f].type != ES_TEXT && f != ES_M_FAMILY && !may_differ(name, f))
            cr_expect(a == b || (isnan(a) && isnan(b)), "%s: %s %g, catalog %g", name, fields[f].name, a, b);
    }
    static const int texts[] = {ES_M_FAMILY, ES_M_ATTN, ES_M_ACT};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_str_eq(ours->text[texts[i]], theirs->text[texts[i]], "%s: %s", name, fields[texts[i]].name);
}

/* What both cost, whatever their kinds of layers are called.  Rope factors are in files, not in a config.json. */
static void expect_same_layers(const es_catalog *theirs, const es_model_row *ours, const es_row *known) {
    const char *name = known->name;
    es_catalog kinds = {0};
    es_arena arena = {0};
    es_row row;
    es_arch arch, other;
    cr_assert_eq(es_model_row_as_catalog(ours, &arena, &row, &kinds, NULL), ES_OK);
    cr_assert_eq(es_arch_compile(&kinds, &row, &arena, &arch, NULL), ES_OK);
    cr_assert_eq(es_arch_compile(theirs, known, &arena, &other, NULL), ES_OK);
    es_shape shape = es_shape_of(&row), same = es_shape_of(known);
    shape.extra = same.extra;
    if (may_differ(name, ES_M_SLIDING_WINDOW))
        shape.sliding_window = same.sliding_window;
    const es_params a = es_count_params(&arch, &shape), b = es_count_params(&other, &same);
    cr_expect_eq(a.total, b.total, "%s: %.0f parameters, catalog %.0f", name, a.total, b.total);
    cr_expect_eq(a.active, b.active, "%s: %.0f active, catalog %.0f", name, a.active, b.active);
    const es_stack x = es_stack_of(&arch, &shape), y = es_stack_of(&other, &same);
    cr_expect_arr_eq(x.span, y.span, sizeof x.span, "%s: caches", name);
    cr_expect_eq(x.state, y.state, "%s: state %g, catalog %g", name, x.state, y.state);
    es_arena_free(&arena);
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
        const es_status status = es_import_hf(path, NULL, &arena, &row, &errors);
        es_errors_print(&errors, stderr);
        cr_assert_eq(status, ES_OK, "%s", name);
        expect_same_layers(&catalog, &row, known);
        if (row.n_kinds == 0 && *known->text[ES_M_LAYER_PATTERN] == '\0')
            expect_same_row(name, &row, known);
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
        cr_assert_eq(es_import_hf(path, NULL, &arena, &row, &errors), ES_OK, "%s", name);
        es_params p;
        cr_assert_eq(es_model_row_params(&row, &arena, &p, &errors), ES_OK, "%s", name);
        cr_expect_eq(p.total, published, "%s: %.0f parameters, published %.0f", name, p.total, published);
        es_arena_free(&arena);
        models++;
    }
    fclose(list);
    cr_expect_geq(models, 26);
}

/* Files that other programs read wrongly: a column of the row, and warnings that must be there. */
static const struct {
    const char *name;
    int field;
    double value;
    const char *pattern, *says;
} cases[] = {
    {"qwen2-window-after-last-layer", ES_M_SLIDING_WINDOW, 0, "", ""},
    {"tie-flag-outside-text-config", ES_M_TIED, 1, "", "'text_config'"},
    {"mpt-grouped-heads", ES_M_KV_HEADS, 8, "", ""},
    {"mpt-grouped-heads", ES_M_POS_ROWS, 0, "", ""},
    {"every-layer-sliding", ES_M_SLIDING_WINDOW, 4096, "", ""},
    {"every-layer-sliding", ES_M_GLOBAL_EVERY, 0, "", ""},
    {"null-kv-heads-mistral", ES_M_KV_HEADS, 32, "", ""},
    {"infinity", ES_M_INTERMEDIATE, 2048, "", ""},
    {"nested-llm-config", ES_M_HIDDEN, 896, "", "'llm_config'"},
    {"text-config-without-defaults", ES_M_LAYERS, 32, "", "'text_config'"},
    {"known-class-new-model-type", ES_M_N_EXPERTS, 384, "", "'FP8-E4M3'"},
    {"quantization-config", ES_M_SLIDING_WINDOW, 0, "", "'INT4 g128 sym'"},
    {"attention-kinds-minimax-m2", ES_M_QK_NORM, 2, "", "MiniMaxM2"},
    {"hybrid-granite", ES_M_N_SHARED, 2, "m*5 a m*4", ""},
};

/* Towers as their config.json tells them, against the catalog's. */
Test(import_hf, image_towers) {
    static const char *const towers[][2] = {
        {"Qwen2.5-VL-3B",
         "{'model_type': 'qwen2_5_vl', 'hidden_size': 2048, 'num_attention_heads': 16, 'num_key_value_heads': 2, "
         "'vision_config': {'depth': 32, 'hidden_size': 1280, 'intermediate_size': 3420, 'patch_size': 14, "
         "'spatial_merge_size': 2, 'temporal_patch_size': 2, 'window_size': 112, "
         "'fullatt_block_indexes': [7, 15, 23, 31], 'out_hidden_size': 2048}}"},
        {"Qwen3-VL-8B", "{'model_type': 'qwen3_vl', 'text_config': {'model_type': 'qwen3_vl_text'}, "
                        "'vision_config': {'deepstack_visual_indexes': [8, 16, 24]}}"},
        {"Qwen3.5-27B", "{'model_type': 'qwen3_5', 'text_config': {'model_type': 'qwen3_5_text', 'hidden_size': 5120}, "
                        "'vision_config': {'depth': 27, 'hidden_size': 1152, 'intermediate_size': 4304}}"},
        {"Gemma-4-E2B", "{'model_type': 'gemma4', 'text_config': {'model_type': 'gemma4_text', 'hidden_size': 1536}, "
                        "'vision_config': {'num_hidden_layers': 16, 'hidden_size': 768, 'intermediate_size': 3072, "
                        "'patch_size': 16, 'pooling_kernel_size': 3, 'default_output_length': 280}}"},
        {"SmolVLM-500M (text)", "{'model_type': 'idefics3', 'scale_factor': 4, 'text_config': {'model_type': 'llama', "
                                "'hidden_size': 960, 'num_attention_heads': 15, 'num_key_value_heads': 5}, "
                                "'vision_config': {'image_size': 512, 'patch_size': 16}}"},
    };
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    for (size_t i = 0; i < sizeof towers / sizeof *towers; i++) {
        char json[600];
        es_arena arena = {0};
        es_model_row row;
        snprintf(json, sizeof json, "%s", towers[i][1]);
        for (char *quote = json; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        const es_row *known = es_table_find(&catalog.table[ES_MODEL], towers[i][0], strlen(towers[i][0]));
        cr_assert_not_null(known, "%s", towers[i][0]);
        cr_assert_eq(es_import_hf_text("c.json", json, strlen(json), NULL, &arena, &row, NULL), ES_OK, "%s", json);
        for (int f = ES_M_VISION_LAYERS; f <= ES_M_VISION_PROJECTOR; f++)
            cr_expect_eq(row.value[f], known->value[f], "%s: %s %g, catalog %g", known->name,
                         es_fields(ES_MODEL)->fields[f].name, row.value[f], known->value[f]);
        es_arena_free(&arena);
    }
    es_catalog_free(&catalog);
}

Test(import_hf, files_that_are_read_wrongly) {
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[256];
        es_arena arena = {0};
        es_errors errors = {0};
        es_model_row row;
        snprintf(path, sizeof path, "tests/data/hf_cases/%s.json", cases[i].name);
        cr_expect_eq(es_import_hf(path, &catalog, &arena, &row, &errors), ES_OK, "%s", cases[i].name);
        cr_expect_eq(row.value[cases[i].field], cases[i].value, "%s: %g", cases[i].name, row.value[cases[i].field]);
        cr_expect_str_eq(row.text[ES_M_LAYER_PATTERN], cases[i].pattern);
        bool says = *cases[i].says == '\0';
        for (size_t w = 0; w < errors.n_warnings; w++)
            says |= strstr(errors.warning[w].text, cases[i].says) != NULL;
        cr_expect(says, "%s: no word of %s", cases[i].name, cases[i].says);
        es_arena_free(&arena);
    }
    es_catalog_free(&catalog);
}

/* What quantizers write, and the precision of the catalog it is. */
Test(import_hf, quantized_repositories) {
    static const char *const schemes[][2] = {
        {"'quant_method': 'gptq', 'bits': 4, 'group_size': 128, 'sym': true", "'INT4 g128 sym'"},
        {"'quant_method': 'gptq', 'bits': 8, 'group_size': -1, 'sym': true",
         "by channel: precision 'W8A8 (SmoothQuant)'"},
        {"'quant_method': 'awq', 'bits': 4, 'group_size': 64, 'zero_point': true", "'INT4 g64 asym (AWQ/GPTQ)'"},
        {"'quant_method': 'bitsandbytes', 'load_in_4bit': true", "'NF4'"},
        {"'quant_method': 'bitsandbytes', 'load_in_8bit': true", "'INT8 per-channel'"},
        {"'quant_method': 'compressed-tensors', 'config_groups': {'FP8_BLOCK': {'weights': {'num_bits': 8, 'type': "
         "'float'}}}",
         "'FP8-E4M3'"},
        {"'config_groups': {'group_0': {'weights': {'num_bits': 8, 'type': 'int', 'symmetric': true, 'strategy': "
         "'channel'}}}, 'quant_method': 'compressed-tensors'",
         "'W8A8 (SmoothQuant)'"},
        {"'config_groups': {'group_0': {'weights': {'num_bits': 4, 'type': 'float', 'group_size': 32}}}, "
         "'quant_method': 'compressed-tensors'",
         "'MXFP4'"},
        {"'quant_method': 'modelopt', 'quantization': {'quant_algo': 'NVFP4'}", "as NVFP4: precision 'NVFP4'"},
        {"'quant_method': 'quark', 'global_quant_config': {'weight': {'dtype': 'fp4', 'group_size': 32}}", "'MXFP4'"},
        {"'quant_method': 'quark', 'global_quant_config': {'weight': {'dtype': 'fp8_e4m3'}}", "'FP8-E4M3'"},
        {"'quant_method': 'hqq', 'quant_config': {'weight_quant_params': {'nbits': 4, 'group_size': 64}}",
         "'INT4 g64 asym (AWQ/GPTQ)'"},
        {"'quant_method': 'bitnet'", "'BitNet b1.58 (I2_S)'"},
        {"'bits': 4, 'group_size': 64", "'MLX 4-bit'"},
        {"'bits': 3, 'group_size': 64", "as mlx, 3 bits in groups of 64: no precision"},
        {"'bits': 4, 'group_size': 32, 'mode': 'mxfp4'", "'MXFP4'"},
        {"'quant_method': 'aqlm', 'num_codebooks': 1", "as aqlm: no precision of the catalog fits"},
        {"'quant_method': 5, 'bits': 'four'", "as ?: no precision of the catalog fits"},
        {"'quant_method': 'gptq', 'bits': 1e300, 'group_size': -1e300", "no precision of the catalog fits"}};
    es_catalog catalog;
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, NULL), ES_OK);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        char json[400];
        es_arena arena = {0};
        es_errors errors = {0};
        es_model_row row;
        snprintf(json, sizeof json, "{'model_type': 'llama', 'quantization_config': {%s}}", schemes[i][0]);
        for (char *quote = json; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        cr_assert_eq(es_import_hf_text("c.json", json, strlen(json), &catalog, &arena, &row, &errors), ES_OK, "%s",
                     json);
        cr_assert_eq(errors.n_warnings, 1, "%s", json);
        cr_expect_not_null(strstr(errors.warning[0].text, schemes[i][1]), "%s", errors.warning[0].text);
        es_arena_free(&arena);
    }
    es_catalog_free(&catalog);
}

/* What a real file says with some fields changed, null removes one: the row follows, or a word of the message. */
static const struct {
    const char *model, *changes;
    int field;
    double value;
    const char *says;
} variants[] = {
    {"Llama-2-7B", "{'attention_bias': true}", ES_M_QKV_BIAS, 1, NULL},
    {"Llama-2-7B", "{'attention_bias': 1}", ES_M_O_BIAS, 1, NULL},
    {"Llama-2-7B", "{'attention_bias': 0}", ES_M_O_BIAS, 0, NULL},
    {"Llama-2-7B", "{'mlp_bias': true}", ES_M_MLP_BIAS, 1, NULL},
    {"Llama-2-7B", "{'model_type': 'kimi_linear', 'architectures': []}", 0, 0,
     "'kimi_linear': Kimi delta attention is not covered"},
    {"Llama-2-7B", "{'model_type': 'deepseek_v32', 'architectures': []}", 0, 0, "sparse attention with an indexer"},
    {"Llama-2-7B", "{'model_type': 'bert', 'architectures': []}", 0, 0, "'bert': an encoder, not a language model"},
    {"Llama-2-7B", "{'model_type': null, 'architectures': [], 'peft_type': 'LORA'}", 0, 0, "an adapter (LoRA)"},
    {"Llama-2-7B", "{'vocab_size': null}", 0, 0, "'vocab_size'"},
    {"Llama-2-7B", "{'padded_vocab_size': 32256}", 0, 0, "'padded_vocab_size'"},
    {"Llama-2-7B", "{'head_dim': 96}", ES_M_HEAD_DIM, 96, NULL},
    {"Llama-2-7B", "{'num_attention_heads': 48}", 0, 0, "'num_attention_heads'"},
    {"Llama-2-7B", "{'tie_word_embeddings': true}", ES_M_TIED, 1, NULL},
    {"Llama-2-7B", "{'qk_layernorm': false}", ES_M_QK_NORM, 0, NULL},
    {"Llama-2-7B", "{'qk_layernorm': true}", 0, 0, "'qk_layernorm': expected 0 or false"},
    {"Llama-2-7B", "{'num_experts': 8}", 0, 0, "'num_experts'"},
    {"Llama-2-7B", "{'num_experts': 0}", ES_M_N_EXPERTS, 0, NULL},
    {"Llama-2-7B", "{'layer_norm_elementwise_affine': false}", 0, 0, "expected true"},
    {"Llama-2-7B", "{'layer_norm_elementwise_affine': true}", ES_M_NORM, ES_NORM_RMS, NULL},
    {"Llama-2-7B", "{'mlp_only_layers': [3]}", 0, 0, "'mlp_only_layers'"},
    {"Llama-2-7B", "{'mlp_only_layers': []}", ES_M_LAYERS, 32, NULL},
    {"Mistral-7B-v0.1", "{}", ES_M_SLIDING_WINDOW, 4096, NULL},
    {"Mistral-7B-v0.1", "{}", ES_M_GLOBAL_EVERY, 0, NULL},
    {"Mistral-7B-v0.1", "{'sliding_window': 32768}", ES_M_SLIDING_WINDOW, 0, NULL},
    {"Mistral-7B-v0.1", "{'sliding_window': 32767}", ES_M_SLIDING_WINDOW, 32767, NULL},
    {"Mistral-7B-v0.1", "{'sliding_window': 65536, 'max_position_embeddings': null}", ES_M_SLIDING_WINDOW, 65536, NULL},
    {"Mixtral-8x7B", "{'num_experts_per_tok': 8}", ES_M_N_ACTIVE, 8, NULL},
    {"Mixtral-8x7B", "{'num_experts_per_tok': 9}", 0, 0, "'num_experts_per_tok'"},
    {"Mixtral-8x7B", "{'num_local_experts': 0}", 0, 0, "at least one expert"},
    {"Mixtral-8x7B", "{'moe_layer_freq': 2}", 0, 0, "'moe_layer_freq'"},
    {"Qwen2.5-1.5B", "{'use_sliding_window': true, 'sliding_window': 4096, 'max_window_layers': 0}",
     ES_M_SLIDING_WINDOW, 4096, NULL},
    {"Qwen2.5-1.5B", "{'use_sliding_window': true, 'sliding_window': 4096, 'max_window_layers': 28}",
     ES_M_SLIDING_WINDOW, 0, NULL},
    {"Qwen2.5-1.5B", "{'sliding_window': 4096}", ES_M_SLIDING_WINDOW, 0, NULL},
    {"Qwen1.5-MoE-A2.7B", "{'qkv_bias': false}", ES_M_QKV_BIAS, 0, NULL},
    {"Qwen1.5-MoE-A2.7B", "{'shared_expert_intermediate_size': 2816}", ES_M_N_SHARED, 2, NULL},
    {"Qwen1.5-MoE-A2.7B", "{'shared_expert_intermediate_size': 2815}", 0, 0, "a multiple"},
    {"Qwen1.5-MoE-A2.7B", "{'moe_intermediate_size': 0}", 0, 0, "'shared_expert_intermediate_size'"},
    {"Gemma-2-2B", "{}", ES_M_GLOBAL_EVERY, 2, NULL},
    {"Gemma-2-2B", "{'sliding_window': null}", ES_M_SLIDING_WINDOW, 0, NULL},
    {"Gemma-3-1B", "{'sliding_window_pattern': 3}", ES_M_GLOBAL_EVERY, 3, NULL},
    {"Phi-tiny-MoE", "{'lm_head_bias': true}", ES_M_LM_HEAD_BIAS, 1, NULL},
    {"Phi-tiny-MoE", "{'lm_head_bias': false}", ES_M_LM_HEAD_BIAS, 0, NULL},
    {"OPT-125M", "{}", ES_M_POS_ROWS, 2050, NULL},
    {"OPT-125M", "{'enable_bias': false}", ES_M_QKV_BIAS, 0, NULL},
    {"OPT-125M", "{'enable_bias': false}", ES_M_O_BIAS, 0, NULL},
    {"OPT-125M", "{'enable_bias': false}", ES_M_MLP_BIAS, 0, NULL},
    {"OPT-125M", "{'word_embed_proj_dim': 512, 'do_layer_norm_before': false}", ES_M_EMBED_DIM, 512, NULL},
    {"OPT-125M", "{'word_embed_proj_dim': 512}", 0, 0, "'do_layer_norm_before'"},
    {"OPT-125M", "{'do_layer_norm_before': false}", 0, 0, "'do_layer_norm_before'"},
    {"Pythia-160m", "{'attention_bias': false}", ES_M_QKV_BIAS, 0, NULL},
    {"Pythia-160m", "{'attention_bias': false}", ES_M_O_BIAS, 0, NULL},
    {"Pythia-160m", "{'attention_bias': false}", ES_M_MLP_BIAS, 1, NULL},
    {"Falcon-7B", "{'bias': true}", ES_M_QKV_BIAS, 1, NULL},
    {"Falcon-7B", "{'bias': true}", ES_M_O_BIAS, 1, NULL},
    {"Falcon-7B", "{'bias': true}", ES_M_MLP_BIAS, 1, NULL},
    {"Falcon-7B", "{'multi_query': false}", ES_M_KV_HEADS, 71, NULL},
    {"Falcon-7B", "{'multi_query': null}", ES_M_KV_HEADS, 71, NULL},
    {"Falcon-7B", "{'parallel_attn': false}", ES_M_NORMS_PER_LAYER, 2, NULL},
    {"Falcon-7B", "{'parallel_attn': null}", ES_M_NORMS_PER_LAYER, 2, NULL},
    {"Falcon-7B", "{'new_decoder_architecture': true, 'num_kv_heads': 71}", ES_M_NORMS_PER_LAYER, 2, NULL},
    {"Falcon-7B", "{'new_decoder_architecture': true, 'num_attention_heads': 64, 'hidden_size': 4096, 'n_head_kv': 8}",
     ES_M_KV_HEADS, 8, NULL},
    {"Falcon-7B", "{'new_decoder_architecture': true, 'num_kv_heads': 71, 'num_ln_in_parallel_attn': 1}",
     ES_M_NORMS_PER_LAYER, 1, NULL},
    {"Falcon-7B", "{'new_decoder_architecture': true, 'num_kv_heads': 8}", 0, 0, "'num_kv_heads'"},
    {"DeepSeek-V2-Lite", "{'q_lora_rank': 1536}", ES_M_Q_LORA_RANK, 1536, NULL},
    {"DeepSeek-V2-Lite", "{'q_lora_rank': null}", ES_M_Q_LORA_RANK, 0, NULL},
    {"DeepSeek-V2-Lite", "{'first_k_dense_replace': 3}", ES_M_FIRST_DENSE, 3, NULL},
    {"DeepSeek-V2-Lite", "{'n_shared_experts': null}", ES_M_N_SHARED, 0, NULL},
    {"DeepSeek-V2-Lite", "{'attention_bias': true}", 0, 0, "'attention_bias': expected false"},
    {"DeepSeek-V2-Lite", "{'kv_lora_rank': 0}", 0, 0, "'kv_lora_rank'"},
    {"DeepSeek-V2-Lite", "{'model_type': 'deepseek_v3'}", ES_M_ROUTER_BIAS, 1, NULL},
    {"StableLM-2-1.6B", "{}", ES_M_NORMS_PER_LAYER, 2, NULL},
    {"StableLM-2-1.6B", "{'use_parallel_residual': true}", ES_M_NORMS_PER_LAYER, 1, NULL},
    {"StableLM-2-1.6B", "{'use_qkv_bias': false}", ES_M_QKV_BIAS, 0, NULL},
    {"LFM2-1.2B", "{}", ES_M_INTERMEDIATE, 8192, NULL},
    {"LFM2-1.2B", "{'block_auto_adjust_ff_dim': false}", ES_M_INTERMEDIATE, 12288, NULL},
    {"LFM2-1.2B", "{'block_ff_dim': 12000}", ES_M_INTERMEDIATE, 8192, NULL},
    {"LFM2-1.2B", "{'block_ff_dim': 12000, 'block_multiple_of': 1}", ES_M_INTERMEDIATE, 8000, NULL},
    {"LFM2-1.2B", "{'block_ffn_dim_multiplier': 1.5}", ES_M_INTERMEDIATE, 12288, NULL},
    {"LFM2-1.2B", "{'conv_L_cache': 5}", ES_M_CONV_KERNEL, 5, NULL},
    {"LFM2-1.2B", "{'conv_bias': true}", 0, 0, "'conv_bias'"},
    {"LFM2-1.2B", "{'tie_word_embeddings': null, 'tie_embedding': false}", ES_M_TIED, 0, NULL},
    {"LFM2-1.2B", "{'layer_types': null}", ES_M_LAYERS, 16, NULL},
    {"LFM2-350M", "{'full_attn_idxs': [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}", 0, 0, "no more entries"},
    {"gpt-oss-20b", "{'attention_bias': false}", ES_M_O_BIAS, 0, NULL},
    {"gpt-oss-20b", "{}", ES_M_O_BIAS, 1, NULL},
    {"gpt-oss-20b", "{}", ES_M_ROUTER_BIAS, 1, NULL},
    {"gpt-oss-20b", "{}", ES_M_EXPERT_BIAS, 1, NULL},
    {"gpt-oss-20b", "{}", ES_M_ATTN_SINKS, 1, NULL},
    {"gpt-oss-20b", "{'layer_types': null}", ES_M_GLOBAL_EVERY, 2, NULL},
    {"MPT-7B", "{'expansion_ratio': 2}", ES_M_INTERMEDIATE, 8192, NULL},
    {"MPT-7B", "{'no_bias': false}", 0, 0, "'no_bias'"},
    {"BitNet-b1.58-2B-4T", "{}", ES_M_SUB_NORMS, 1, NULL},
    {"EXAONE-4.0-1.2B", "{'sliding_window': 4096, 'layer_types': null, 'sliding_window_pattern': 'LLLG'}",
     ES_M_GLOBAL_EVERY, 4, NULL},
    {"EXAONE-4.0-1.2B", "{'sliding_window': 4096, 'layer_types': null, 'sliding_window_pattern': 'LLLG'}",
     ES_M_SLIDING_WINDOW, 4096, NULL},
    {"InternLM2-1.8B", "{'bias': true}", ES_M_QKV_BIAS, 1, NULL},
    {"InternLM2-1.8B", "{'bias': true}", ES_M_O_BIAS, 1, NULL},
    {"ERNIE-4.5-0.3B", "{'use_bias': true}", ES_M_QKV_BIAS, 1, NULL},
    {"ERNIE-4.5-0.3B", "{'use_bias': true}", ES_M_O_BIAS, 1, NULL},
    {"ERNIE-4.5-0.3B", "{'use_bias': true}", ES_M_MLP_BIAS, 1, NULL},
    {"MobileLLM-125M", "{'share_embedding': false}", ES_M_TIED, 0, NULL},
    {"ChatGLM3-6B", "{'multi_query_attention': false}", ES_M_KV_HEADS, 32, NULL},
    {"ChatGLM3-6B", "{'add_qkv_bias': false}", ES_M_QKV_BIAS, 0, NULL},
    {"ChatGLM3-6B", "{'add_bias_linear': true}", 0, 0, "'add_bias_linear'"},
    {"ChatGLM3-6B", "{'kv_channels': 64}", ES_M_HEAD_DIM, 64, NULL},
    {"Gemma-3-270M",
     "{'num_hidden_layers': 4, 'layer_types': ['sliding_attention', 'full_attention', "
     "'sliding_attention', 'full_attention']}",
     ES_M_GLOBAL_EVERY, 2, NULL},
    {"Gemma-3-270M", "{'num_hidden_layers': 2, 'layer_types': ['full_attention', 'full_attention']}",
     ES_M_SLIDING_WINDOW, 0, NULL},
    {"Gemma-3-270M", "{'num_hidden_layers': 2, 'layer_types': ['conv', 'full_attention']}", 0, 0, "'layer_types'"},
};

static void apply(json_t *config, const char *changes) {
    char text[400];
    const char *key;
    json_t *value;
    cr_assert_lt(strlen(changes), sizeof text);
    strcpy(text, changes);
    for (char *quote = text; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    json_t *set = json_loads(text, 0, NULL);
    cr_assert_not_null(set, "%s", changes);
    json_object_foreach(set, key, value) json_object_set(config, key, value);
    json_decref(set);
}

Test(import_hf, variants_of_real_models) {
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char path[256];
        es_arena arena = {0};
        es_errors errors = {0};
        es_model_row row;
        snprintf(path, sizeof path, "%s/%s.json", folder, variants[i].model);
        json_t *config = json_load_file(path, 0, NULL);
        cr_assert_not_null(config, "%s", path);
        apply(config, variants[i].changes);
        char *text = json_dumps(config, 0);
        const es_status status = es_import_hf_text(path, text, strlen(text), NULL, &arena, &row, &errors);
        const char *message = errors.n_errors ? errors.error[0].text : "";
        if (variants[i].says)
            cr_expect(status == ES_EUSAGE && strstr(message, variants[i].says), "%s %s: %s", variants[i].model,
                      variants[i].changes, message);
        else
            cr_expect(status == ES_OK && row.value[variants[i].field] == variants[i].value, "%s %s: %g, %s",
                      variants[i].model, variants[i].changes, row.value[variants[i].field], message);
        free(text);
        json_decref(config);
        es_arena_free(&arena);
    }
}

#define LLAMA "\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2, \"intermediate_size\": 128"

static es_status import(const char *json, size_t size, es_model_row *row, es_errors *errors) {
    es_arena arena = {0};
    const es_status status = es_import_hf_text("config.json", json, size, NULL, &arena, row, errors);
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
        {"{\"model_type\": \"xlstm\"}", "unknown architecture 'xlstm'"},
        {"{\"model_type\": \"deepseek\", \"n_routed_experts\": 8}", "'num_experts_per_tok'"},
        {"{\"model_type\": \"lfm2_moe\"}", "'layer_types'"},
        {"{" LLAMA ", \"num_extra_layers\": 3}", "'num_extra_layers'"},
        {"{" LLAMA ", \"use_extra_projection\": true}", "'use_extra_projection'"},
        {"{" LLAMA ", \"cross_attention_layers\": [3, 8]}", "'cross_attention_layers'"},
        {"{" LLAMA ", \"vocab_size\": Infinity}", "'vocab_size'"},
        {"{" LLAMA ", \"vocab_size\": NaN}", "'vocab_size'"},
        {"{\"model_type\": \"lama\"}", "did you mean 'llama'"},
        {"{\"model_type\": \"a\\u001b[31mb\"}", "\\x1b"},
        {"{\"model_type\": \"llama\", \"model_type\": \"llama\"}", "not JSON"},
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

/* Fields of real files that change no count of their class, and would be refused in another's. */
Test(import_hf, harmless_fields) {
    static const char *const known[] = {
        "'llama4', 'use_qk_norm': true, 'attn_scale': 0.1, 'floor_scale': 8192, 'router_jitter_noise': 0.0",
        "'cohere2', 'layer_switch': 4, 'use_embedding_sharing': true, 'use_gated_activation': true",
        "'falcon_h1', 'mamba_use_mlp': true, 'mlp_expansion_factor': 8, 'time_step_limit': [0.0, Infinity]",
        "'mamba', 'rms_norm': true, 'fused_add_norm': true, 'pad_vocab_size_multiple': 8, 'ssm_cfg': {}",
        "'jamba', 'mamba_inner_layernorms': true, 'mamba_dt_rank': 256",
        "'bloom', 'masked_softmax_fusion': true, 'skip_bias_add': true, 'offset_alibi': 100",
        "'lfm2', 'block_use_swiglu': true, 'block_out_init_scale': 1.0, 'block_norm_eps': 1e-05",
        "'apertus', 'qk_norm': true, 'post_norm': false",
        "'starcoder2', 'scale_attention_softmax_in_fp32': true, 'mlp_type': 'default'",
        ("'nemotron_h', 'layers_block_type': ['mamba', 'moe', 'attention', 'mlp'], 'attention_head_dim': 128, "
         "'n_groups': 8"),
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char json[400], *quote;
        es_errors errors = {0};
        es_model_row row;
        snprintf(json, sizeof json, "{'model_type': %s}", known[i]);
        while ((quote = strchr(json, '\'')) != NULL)
            *quote = '"';
        cr_expect_eq(import(json, strlen(json), &row, &errors), ES_OK, "%s: %s", known[i], errors.error[0].text);
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
        cr_expect_eq(es_import_hf_text("config.json", json, strlen(json), NULL, &arena, &row, NULL), ES_OK, "%s", json);
        cr_expect_str_eq(row.text[ES_M_NAME], named[i].name);
        cr_expect_str_eq(row.text[ES_M_HF_ID], named[i].hf_id);
        es_arena_free(&arena);
    }
}
