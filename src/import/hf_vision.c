/* Defaults are those of the vision configuration classes (huggingface/transformers, src/transformers/models/NAME). */
#include "import/hf_vision.h"

#include <math.h>
#include <string.h>

/* What joins the tower to the decoder; d: width of the tower, m: patches along the square of a token, E: decoder. */
typedef enum projector {
    LINEAR,       /* m^2 d x E */
    NORM_LINEAR,  /* likewise behind a norm of d; patches are averaged: d x E */
    AVERAGED,     /* d x E */
    MLP,          /* m^2 d x m^2 d and m^2 d x E, with biases */
    NORM_MLP,     /* likewise behind a LayerNorm of d; deepstack: more of them behind one of m^2 d */
    TWO_LAYERS,   /* m^2 d x E and E x E, with biases */
    NORM_TWO,     /* likewise behind a LayerNorm of m^2 d */
    MERGED_LAYERS /* norm of d, m^2 d x d, then d x E and E x E */
} projector;

typedef struct tower {
    const char *types;                                /* model_type, separated by blanks */
    const char *layers, *hidden, *width;              /* what fields are called; width NULL: mlp_ratio times hidden */
    double n_layers, n_hidden, n_width, patch, image; /* of the class; image 0: of any size */
    const char *merge;                                /* field, of vision_config or around it */
    double merged;
    int matrices, frames;
    projector projector;
    double deepstack; /* more projectors, where the file has no list of them */
} tower;

/* clang-format off */
static const tower towers[] = {
    {"gemma3", "num_hidden_layers", "hidden_size", "intermediate_size", 12, 768, 3072, 16, 224, NULL, 0, 2, 1, NORM_LINEAR, 0},
    {"gemma4", "num_hidden_layers", "hidden_size", "intermediate_size", 16, 768, 3072, 16, 0, "pooling_kernel_size", 3, 3, 1, AVERAGED, 0},
    {"qwen2_vl", "depth", "embed_dim", NULL, 32, 1280, 4, 14, 0, "spatial_merge_size", 2, 2, 2, MLP, 0},
    {"qwen2_5_vl", "depth", "hidden_size", "intermediate_size", 32, 3584, 3420, 14, 0, "spatial_merge_size", 2, 3, 2, MLP, 0},
    {"qwen3_vl qwen3_vl_moe", "depth", "hidden_size", "intermediate_size", 27, 1152, 4304, 16, 0, "spatial_merge_size", 2, 2, 2, NORM_MLP, 3},
    {"qwen3_5 qwen3_5_moe", "depth", "hidden_size", "intermediate_size", 27, 1152, 4304, 16, 0, "spatial_merge_size", 2, 2, 2, NORM_MLP, 0},
    {"idefics3 smolvlm", "num_hidden_layers", "hidden_size", "intermediate_size", 12, 768, 3072, 16, 512, "scale_factor", 2, 2, 1, LINEAR, 0},
    {"internvl internvl_chat", "num_hidden_layers", "hidden_size", "intermediate_size", 24, 1024, 4096, 14, 448, "downsample_ratio", 0.5, 2, 1, NORM_TWO, 0},
    {"llava vipllava", "num_hidden_layers", "hidden_size", "intermediate_size", 24, 1024, 4096, 14, 336, NULL, 1, 2, 1, TWO_LAYERS, 0},
    {"mistral3", "num_hidden_layers", "hidden_size", "intermediate_size", 24, 1024, 4096, 16, 0, "spatial_merge_size", 2, 3, 1, MERGED_LAYERS, 0},
};
/* clang-format on */

static const tower *tower_of(const char *type) {
    for (size_t i = 0; type && i < sizeof towers / sizeof *towers; i++)
        for (const char *at = towers[i].types; *at; at += strspn(at, " ")) {
            const size_t size = strcspn(at, " ");
            if (strlen(type) == size && strncmp(type, at, size) == 0)
                return &towers[i];
            at += size;
        }
    return NULL;
}

/* A member of vision_config, else of what is around it, else the default. */
static double number(const json_t *vision, const json_t *outer, const char *name, double otherwise) {
    const json_t *own = json_object_get(vision, name), *value = own ? own : json_object_get(outer, name);
    return json_is_integer(json_array_get(value, 0)) ? json_number_value(json_array_get(value, 0)) /* [h, w] */
           : value == NULL || json_is_null(value)    ? otherwise
                                                     : json_number_value(value);
}

static double projector_weights(projector kind, double d, double m, double e, double deepstack) {
    const double wide = m * m * d, mlp = wide * wide + wide + wide * e + e;
    switch (kind) {
    case LINEAR: return wide * e;
    case NORM_LINEAR: return d + d * e;
    case AVERAGED: return d * e;
    case MLP: return mlp;
    case NORM_MLP: return mlp + 2 * d + deepstack * (mlp + 2 * wide);
    case TWO_LAYERS: return wide * e + e + e * e + e;
    case NORM_TWO: return 2 * wide + wide * e + e + e * e + e;
    case MERGED_LAYERS: return d + wide * d + d * e + e * e;
    }
    return 0;
}

void es_hf_read_vision(const char *file, const json_t *outer, es_model_row *row, es_errors *errors) {
    const json_t *vision = json_object_get(outer, "vision_config");
    const tower *t = tower_of(json_string_value(json_object_get(outer, "model_type")));
    if (t == NULL || !json_is_object(vision))
        return;
    const double hidden = number(vision, NULL, t->hidden, t->n_hidden),
                 patch = number(vision, NULL, "patch_size", t->patch);
    const double image = t->image > 0 ? number(vision, NULL, "image_size", t->image) : 0;
    const double side = image > 0 ? floor(image / patch) : 0;
    double merge = t->merge ? number(vision, outer, t->merge, t->merged) : t->merged, patches = side * side;
    if (t->merged == 0) /* the tokens of an image are given */
        merge = sqrt(patches / number(outer, NULL, "mm_tokens_per_image", 256));
    if (t->merged > 0 && t->merged < 1) /* a share of the side */
        merge = 1 / merge;
    if (t->projector == AVERAGED) /* of any shape, but no more tokens than these */
        patches = number(vision, outer, "default_output_length", 280) * merge * merge;
    const json_t *deepstack = json_object_get(vision, "deepstack_visual_indexes");
    const json_t *whole = json_object_get(vision, "fullatt_block_indexes");
    const double window = whole ? number(vision, NULL, "window_size", 112) / patch : 0;
    const struct {
        int id;
        double value;
    } columns[] = {
        {ES_M_VISION_LAYERS, number(vision, NULL, t->layers, t->n_layers)},
        {ES_M_VISION_HIDDEN, hidden},
        {ES_M_VISION_INTERMEDIATE, t->width ? number(vision, NULL, t->width, t->n_width)
                                            : hidden * number(vision, NULL, "mlp_ratio", t->n_width)},
        {ES_M_VISION_MATRICES, t->matrices},
        {ES_M_VISION_PATCH, patch},
        {ES_M_VISION_FRAMES, t->frames > 1 ? number(vision, NULL, "temporal_patch_size", t->frames) : t->frames},
        {ES_M_VISION_PATCHES, patches},
        {ES_M_VISION_MERGE, merge},
        {ES_M_VISION_WINDOW, window * window},
        {ES_M_VISION_GLOBAL_LAYERS, (double)json_array_size(whole)},
        {ES_M_VISION_PROJECTOR, projector_weights(t->projector, hidden, merge, row->value[ES_M_HIDDEN],
                                                  deepstack ? (double)json_array_size(deepstack) : t->deepstack)},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const es_field *field = &es_fields(ES_MODEL)->fields[columns[i].id];
        if (es_field_accepts(field, columns[i].value) && (i > 1 || columns[i].value >= 1))
            continue;
        es_warn(errors, &(es_origin){.file = file}, "field 'vision_config': %s comes to %g: no image tower is read",
                field->name, columns[i].value);
        return;
    }
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        row->value[columns[i].id] = columns[i].value;
}
