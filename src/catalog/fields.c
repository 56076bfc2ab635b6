/* The field tables: every catalog column, expanded from the lists of the public header. */
#include <edgesweep/catalog.h>

#include <math.h>
#include <string.h>

/* Indices are the enums of catalog.h. */
static const char *const es_kv_choices[] = {"own", "shared", "none", NULL};
static const char *const es_norm_choices[] = {"rms", "ln", "ln_np", "none", NULL};
static const char *const es_class_choices[] = {"sbc",  "soc", "phone", "laptop", "mac",
                                               "igpu", "gpu", "npu",   "mcu",    NULL};
static const char *const es_boundary_choices[] = {"wall", "module", "rail", "soc_estimate", NULL};
static const char *const es_precision_kind_choices[] = {"float", "uniform", "gguf", NULL};
static const char *const es_mode_choices[] = {"base", "instruct", "thinking", NULL};
static const char *const es_compute_choices[] = {"fp32", "fp16", "int8", NULL};

#define ROW(id, name, unit, type, flags, min, max, fallback, choices, help)                                            \
    {name, unit, type, flags, min, max, fallback, choices, help},
static const es_field model_fields[] = {ES_MODEL_FIELDS(ROW)};
static const es_field device_fields[] = {ES_DEVICE_FIELDS(ROW)};
static const es_field precision_fields[] = {ES_PRECISION_FIELDS(ROW)};
static const es_field calibration_fields[] = {ES_CALIBRATION_FIELDS(ROW)};
static const es_field score_fields[] = {ES_SCORE_FIELDS(ROW)};
static const es_field estimate_fields[] = {ES_ESTIMATE_FIELDS(ROW)};
static const es_field loss_fields[] = {ES_LOSS_FIELDS(ROW)};
static const es_field distortion_fields[] = {ES_DISTORTION_FIELDS(ROW)};
static const es_field gguf_type_fields[] = {ES_GGUF_TYPE_FIELDS(ROW)};
static const es_field gguf_mixture_fields[] = {ES_GGUF_MIXTURE_FIELDS(ROW)};
static const es_field layer_fields[] = {ES_LAYER_FIELDS(ROW)};
static const es_field unit_fields[] = {ES_UNIT_FIELDS(ROW)};
static const es_field runtime_fields[] = {ES_RUNTIME_FIELDS(ROW)};
static const es_field runtime_memory_fields[] = {ES_RUNTIME_MEMORY_FIELDS(ROW)};
static const es_field kernel_generation_fields[] = {ES_KERNEL_GENERATION_FIELDS(ROW)};
static const es_field repacked_type_fields[] = {ES_REPACKED_TYPE_FIELDS(ROW)};
static const es_field power_fields[] = {ES_POWER_FIELDS(ROW)};
static const es_field draft_fields[] = {ES_DRAFT_FIELDS(ROW)};
static const es_field product_fields[] = {ES_PRODUCT_FIELDS(ROW)};
#undef ROW

static const es_field_table tables[ES_KINDS] = {
    [ES_MODEL] = {"models", model_fields, ES_M_FIELDS},
    [ES_DEVICE] = {"devices", device_fields, ES_D_FIELDS},
    [ES_PRECISION] = {"precisions", precision_fields, ES_P_FIELDS},
    [ES_CALIBRATION] = {"calibration", calibration_fields, ES_C_FIELDS},
    [ES_SCORE] = {"scores", score_fields, ES_S_FIELDS},
    [ES_ESTIMATE] = {"estimates", estimate_fields, ES_E_FIELDS},
    [ES_LOSS] = {"losses", loss_fields, ES_Q_FIELDS},
    [ES_DISTORTION] = {"distortions", distortion_fields, ES_Y_FIELDS},
    [ES_GGUF_TYPE] = {"gguf_types", gguf_type_fields, ES_T_FIELDS},
    [ES_GGUF_MIXTURE] = {"gguf_mixtures", gguf_mixture_fields, ES_X_FIELDS},
    [ES_LAYER] = {"layers", layer_fields, ES_L_FIELDS},
    [ES_UNIT] = {"units", unit_fields, ES_U_FIELDS},
    [ES_RUNTIME] = {"runtimes", runtime_fields, ES_R_FIELDS},
    [ES_RUNTIME_MEMORY] = {"runtimes_memory", runtime_memory_fields, ES_RM_FIELDS},
    [ES_KERNEL_GENERATION] = {"kernel_generations", kernel_generation_fields, ES_K_FIELDS},
    [ES_REPACKED_TYPE] = {"repacked_types", repacked_type_fields, ES_RT_FIELDS},
    [ES_POWER] = {"power", power_fields, ES_W_FIELDS},
    [ES_DRAFT] = {"drafts", draft_fields, ES_DR_FIELDS},
    [ES_PRODUCT] = {"products", product_fields, ES_PR_FIELDS},
};

const es_field_table *es_fields(es_kind kind) { return &tables[kind]; }

int es_field_find(es_kind kind, const char *name, size_t length) {
    const es_field_table *table = es_fields(kind);
    for (size_t i = 0; i < table->n_fields; i++)
        if (strncmp(table->fields[i].name, name, length) == 0 && table->fields[i].name[length] == '\0')
            return (int)i;
    return -1;
}

bool es_field_is_numeric(const es_field *field) {
    return field->type == ES_COUNT || field->type == ES_REAL || field->type == ES_FLAG;
}

bool es_field_accepts(const es_field *field, double value) {
    if (!es_field_is_numeric(field) || !isfinite(value) || value > field->max)
        return false;
    if (field->flags & ES_EXCLUSIVE ? value <= field->min : value < field->min)
        return false;
    return field->type == ES_REAL || value == floor(value);
}
