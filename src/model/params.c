#include "model/params.h"

#include <math.h>

static double at_least_0(double x) { return x > 0 ? x : 0; }
static double smaller(double a, double b) { return a < b ? a : b; }

/* Weights of a norm over `width` values: RMS has a gain, LayerNorm a gain and a bias. */
static double norm_weights(const es_shape *s, double width) {
    return s->norm == ES_NORM_RMS ? width : s->norm == ES_NORM_LN ? 2 * width : 0;
}

/* Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): queries and keys/values go through low-rank
 * latents; q_lora_rank 0 keeps a full query projection. */
static void count_mla(const es_shape *s, es_params *p) {
    double q_width = s->heads * (s->qk_nope + s->qk_rope);
    p->attention = s->hidden * (s->kv_lora_rank + s->qk_rope) +
                   s->kv_lora_rank * s->heads * (s->qk_nope + s->v_head_dim) + s->heads * s->v_head_dim * s->hidden;
    p->attention += s->q_lora_rank > 0 ? s->q_lora_rank * (s->hidden + q_width) : s->hidden * q_width;
    p->layer_vectors += p->attention_layers * (s->kv_lora_rank + s->q_lora_rank);
}

static void count_attention(const es_shape *s, es_params *p) {
    p->attention_layers = at_least_0(s->unique_layers - s->conv_layers);
    p->conv_layers = smaller(s->conv_layers, s->unique_layers);
    p->conv = 4 * s->hidden * s->hidden;
    p->layer_vectors = p->conv_layers * s->conv_kernel * s->hidden;
    if (s->kv_lora_rank > 0) {
        count_mla(s, p);
        return;
    }
    double q_width = s->heads * s->head_dim, kv_width = s->kv_heads * s->head_dim;
    p->attention = 2 * s->hidden * (q_width + kv_width);
    double vectors = s->qkv_bias * (q_width + 2 * kv_width) + s->o_bias * s->hidden + s->attn_sinks * s->heads +
                     s->sub_norms * s->hidden;
    vectors += s->qk_norm == 1 ? 2 * s->head_dim : s->qk_norm == 2 ? q_width + kv_width : 0;
    p->layer_vectors += p->attention_layers * vectors;
}

static double ffn_biases(const es_shape *s, double width) { return (s->ffn_matrices - 1) * width + s->hidden; }

static void count_ffn(const es_shape *s, es_params *p) {
    double matrix = s->ffn_matrices * s->hidden;
    p->moe_layers = s->n_experts > 0 ? at_least_0(s->unique_layers - s->first_dense) : 0;
    p->dense_layers = s->unique_layers - p->moe_layers;
    p->dense_ffn = matrix * s->intermediate;
    p->layer_vectors +=
        p->dense_layers * (s->mlp_bias * ffn_biases(s, s->intermediate) + s->sub_norms * s->intermediate);
    if (p->moe_layers == 0)
        return;
    p->experts = s->n_experts;
    p->active_experts = smaller(s->n_active, s->n_experts);
    p->expert = matrix * s->expert_intermediate;
    p->expert_vectors = s->expert_bias * ffn_biases(s, s->expert_intermediate);
    p->shared_ffn = matrix * s->expert_intermediate * s->n_shared;
    double router = s->hidden * s->n_experts + s->router_bias * s->n_experts + s->shared_gate * s->hidden;
    p->layer_vectors += p->moe_layers * router;
}

/* Models with an embedding width of their own (OPT-350M) project it to the hidden width and have no final norm. */
static void count_ends(const es_shape *s, es_params *p) {
    double width = s->embed_dim > 0 ? s->embed_dim : s->hidden;
    bool projected = width != s->hidden;
    p->embedding = s->vocab * width;
    p->output = s->tied > 0 ? 0 : p->embedding;
    p->projection_in = p->projection_out = projected ? s->hidden * width : 0;
    p->positions = s->pos_rows * s->hidden + s->extra;
    p->final_vectors = (projected ? 0 : norm_weights(s, s->hidden)) + s->embed_norm * norm_weights(s, s->hidden) +
                       s->lm_head_bias * s->vocab;
}

es_params es_count_params(const es_shape *s) {
    es_params p = {0};
    p.reuse = s->layers / s->unique_layers;
    count_attention(s, &p);
    count_ffn(s, &p);
    p.layer_vectors += s->unique_layers * norm_weights(s, s->norms_per_layer * s->hidden);
    count_ends(s, &p);
    double always = p.attention_layers * p.attention + p.conv_layers * p.conv + p.dense_layers * p.dense_ffn +
                    p.moe_layers * p.shared_ffn + p.layer_vectors + p.final_vectors + p.positions + p.projection_in +
                    p.projection_out + p.embedding + p.output;
    double routed = p.moe_layers * (p.expert + p.expert_vectors);
    p.total = always + p.experts * routed;
    p.active = always + p.active_experts * routed;
    return p;
}

es_shape es_shape_of(const es_row *model) {
    const double *v = model->value;
#define MEMBER(member, id) .member = v[ES_M_##id],
    es_shape s = {ES_SHAPE_FIELDS(MEMBER)};
#undef MEMBER
    if (isnan(s.kv_heads))
        s.kv_heads = s.heads;
    if (isnan(s.head_dim))
        s.head_dim = floor(s.hidden / s.heads);
    if (isnan(s.unique_layers))
        s.unique_layers = s.layers;
    return s;
}
