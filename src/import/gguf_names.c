/* Names and architectures as data: what an architecture adds is a row, and only where the file does not tell all. */
#include "import/gguf_names.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Tensor types by id, ggml-org/llama.cpp v0.5.0 ggml/include/ggml.h; types whose layout no catalog row describes are
 * missing. */
static const char *const tensor_types[ES_GGUF_TENSOR_TYPES] = {
    [0] = "F32",      [1] = "F16",     [2] = "Q4_0",     [3] = "Q4_1",   [6] = "Q5_0",    [7] = "Q5_1",
    [8] = "Q8_0",     [10] = "Q2_K",   [11] = "Q3_K",    [12] = "Q4_K",  [13] = "Q5_K",   [14] = "Q6_K",
    [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S",
    [22] = "IQ2_S",   [23] = "IQ4_XS", [29] = "IQ1_M",   [30] = "BF16",  [31] = "Q4_0",   [32] = "Q4_0",
    [33] = "Q4_0",    [34] = "TQ1_0",  [35] = "TQ2_0",   [39] = "MXFP4", [40] = "NVFP4",  [41] = "Q1_0",
    [42] = "Q2_0"};

/* general.file_type */
static const char *const file_types[] = {
    [0] = "F32",     [1] = "F16",     [2] = "Q4_0",       [3] = "Q4_1",    [7] = "Q8_0",     [8] = "Q5_0",
    [9] = "Q5_1",    [10] = "Q2_K",   [11] = "Q3_K_S",    [12] = "Q3_K_M", [13] = "Q3_K_L",  [14] = "Q4_K_S",
    [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",    [18] = "Q6_K",   [19] = "IQ2_XXS", [20] = "IQ2_XS",
    [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS",   [24] = "IQ1_S",  [25] = "IQ4_NL",  [26] = "IQ3_S",
    [27] = "IQ3_M",  [28] = "IQ2_S",  [29] = "IQ2_M",     [30] = "IQ4_XS", [31] = "IQ1_M",   [32] = "BF16",
    [36] = "TQ1_0",  [37] = "TQ2_0",  [38] = "MXFP4_MOE", [39] = "NVFP4",  [40] = "Q1_0",    [41] = "Q2_0"};
enum { FILE_TYPES = sizeof file_types / sizeof *file_types };

static const es_gguf_arch archs[] = {
    {"gemma2", "gemma2", 2, 0},
    {"gemma3", "gemma3", 6, 0},
    {"gpt-oss", "gptoss", 2, 0},
    {"gptoss", "gptoss", 2, 0},
    {"exaone4", "exaone4", 4, 0},
    {"cohere2", "cohere2", 4, 0},
    {"olmo2", "olmo2", 4, 0},
    {"gemma3n", "gemma3n", 5, 0},
    {"llama4", "llama4", 4, 8192},
    {"phi3", "phi3", 0, 0},
    {"llama", "llama", 0, 0},
    {"mistral", "mistral", 0, 0},
    {"mistral3", "mistral", 0, 0},
    {"starcoder2", "starcoder2", 0, 0},
    {"phimoe", "phimoe", 0, 0},
    {"phi2", "phi", 0, 0},
    {"ernie4_5-moe", "ernie4_5", 0, 0},
    {"qwen2vl", "qwen2", 0, 0},
    {"qwen3vl", "qwen3", 0, 0},
    {"qwen3vlmoe", "qwen3moe", 0, 0},
    {"qwen2", "qwen2", 0, 0},
    {"qwen3", "qwen3", 0, 0},
    {"dots1", "dots1", 0, 0},
    {"exaone-moe", "exaone-moe", 4, 0},
    {"smallthinker", "smallthinker", -4, 0},
    {"plamo3", "plamo3", 8, 0},
    {"laguna", "laguna", -4, 0},
    {"afmoe", "afmoe", 4, 0},
    {"mellum", "mellum", 4, 0},
    {"cohere2moe", "cohere2moe", 4, 0},
};

const char *es_gguf_tensor_type(uint32_t id) { return id < ES_GGUF_TENSOR_TYPES ? tensor_types[id] : NULL; }

const char *es_gguf_file_type(double id) {
    return id >= 0 && id < FILE_TYPES && id == floor(id) ? file_types[(size_t)id] : NULL;
}

const es_gguf_arch *es_gguf_arch_of(const char *name) {
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
        if (strcmp(archs[i].arch, name) == 0)
            return &archs[i];
    return NULL;
}
