/* Defaults are those of the configuration classes (huggingface/transformers, src/transformers/models/NAME/configuration_NAME.py,
 * read in 2026), of models with code of their own those of the class in their repository. */
#include "import/hf_archs.h"

/* Biases of the attention under one flag. */
#define ATTENTION "qkv_bias=attention_bias o_bias=attention_bias "
#define SIZES(layers_, hidden_, intermediate_, vocab_, heads_, kv_heads_, head_dim_, max_ctx_)                         \
    .layers = layers_, .hidden = hidden_, .intermediate = intermediate_, .vocab = vocab_, .heads = heads_,             \
    .kv_heads = kv_heads_, .head_dim = head_dim_, .max_ctx = max_ctx_
#define LATENT "kv_lora_rank=512 qk_rope_head_dim=64 qk_nope_head_dim=128 v_head_dim=128 "
#define GDN "linear_conv_kernel_dim=4 linear_key_head_dim=128 linear_value_head_dim=128 linear_num_key_heads=16 "
#define N_NAMES "num_hidden_layers=n_layer hidden_size=n_embd num_attention_heads=n_head "

/* clang-format off */
const es_hf_arch es_hf_archs[] = {
    {"llama llava llava_next vipllava idefics3 smolvlm VLlama3 Yi", "Llama LLaMA LlavaLlama Yi Idefics3 SmolVLM", "llama", "silu",
     SIZES(32, 4096, 11008, 32000, 32, 0, 0, 2048), .row = ATTENTION "mlp_bias=mlp_bias"},
    {"mistral mistral3", "Mistral Mistral3", "mistral", "silu", SIZES(32, 4096, 14336, 32000, 32, 8, 0, 131072),
     .order = ES_HF_SLIDING, .defaults = "sliding_window=4096"},
    {"ministral", "Ministral", "mistral", "silu", SIZES(32, 4096, 14336, 32000, 32, 8, 0, 131072), .order = ES_HF_SLIDING,
     .defaults = "sliding_window=4096"},
    {"ministral3", "Ministral3", "mistral", "silu", SIZES(34, 4096, 14336, 131072, 32, 8, 128, 262144),
     .order = ES_HF_SLIDING},
    {"mixtral", "Mixtral", "mixtral", "silu", SIZES(32, 4096, 14336, 32000, 32, 8, 0, 131072), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .names = "num_experts=num_local_experts", .defaults = "num_experts=8 num_experts_per_tok=2"},
    {"qwen", "QWen", "qwen", "silu", SIZES(32, 4096, 22016, 151936, 32, 0, 0, 8192), ES_HF_HALF_FFN,
     .names = "head_dim=kv_channels|head_dim max_position_embeddings=seq_length|max_position_embeddings", .defaults = "no_bias=1",
     .row = "qkv_bias=1 o_bias=!no_bias mlp_bias=!no_bias"},
    {"qwen2 internvl internvl_chat dots_ocr", "Qwen2 InternVLChat DotsOCR", "qwen2", "silu", SIZES(32, 4096, 22016, 151936, 32, 32, 0, 32768),
     .order = ES_HF_LATE, .defaults = "sliding_window=4096 max_window_layers=28", .row = "qkv_bias=1"},
    {"mimo", "MiMo", "qwen2", "silu", SIZES(32, 4096, 22016, 151936, 32, 32, 0, 32768), .order = ES_HF_LATE,
     .defaults = "sliding_window=4096 max_window_layers=28 attention_bias=1", .row = "qkv_bias=attention_bias"},
    {"qwen2_vl qwen2_vl_text qwen2_5_vl qwen2_5_vl_text", "Qwen2VL Qwen2_5_VL", "qwen2", "silu",
     SIZES(80, 8192, 29568, 152064, 64, 8, 0, 32768), .order = ES_HF_LATE,
     .defaults = "sliding_window=4096 max_window_layers=80", .row = "qkv_bias=1"},
    {"qwen2_5_omni qwen2_5_omni_text qwen2_5_omni_thinker", "Qwen2_5Omni Qwen2_5OmniThinker", "qwen2", "silu",
     SIZES(28, 3584, 18944, 152064, 28, 4, 0, 32768), .order = ES_HF_LATE,
     .defaults = "sliding_window=32768 max_window_layers=28", .row = "qkv_bias=1"},
    {"qwen2_moe", "Qwen2Moe", "qwen2moe", "silu", SIZES(24, 2048, 5632, 151936, 16, 16, 0, 32768), ES_HF_EXPERTS,
     .order = ES_HF_LATE,
     .defaults = "decoder_sparse_step=1 mlp_only_layers=0 sliding_window=4096 max_window_layers=28 num_experts=60 num_experts_per_tok=4 moe_intermediate_size=1408 "
                 "shared_expert_intermediate_size=5632 qkv_bias=1",
     .row = "qkv_bias=qkv_bias shared_gate=1"},
    {"qwen3", "Qwen3", "qwen3", "silu", SIZES(32, 4096, 22016, 151936, 32, 32, 128, 32768), .order = ES_HF_LATE,
     .defaults = "sliding_window=4096 max_window_layers=28", .row = ATTENTION "qk_norm=1"},
    {"qwen3_vl qwen3_vl_text", "Qwen3VL", "qwen3", "silu", SIZES(32, 4096, 22016, 151936, 32, 32, 128, 128000),
     .row = ATTENTION "qk_norm=1"},
    {"qwen3_moe", "Qwen3Moe", "qwen3moe", "silu", SIZES(24, 2048, 6144, 151936, 32, 4, 0, 32768), ES_HF_EXPERTS,
     .order = ES_HF_LATE,
     .defaults = "decoder_sparse_step=1 mlp_only_layers=0 sliding_window=4096 max_window_layers=28 num_experts=128 num_experts_per_tok=8 moe_intermediate_size=768",
     .row = ATTENTION "qk_norm=1"},
    {"qwen3_vl_moe qwen3_vl_moe_text", "Qwen3VLMoe", "qwen3moe", "silu", SIZES(24, 2048, 5632, 151936, 16, 16, 0, 128000),
     ES_HF_EXPERTS, .defaults = "decoder_sparse_step=1 mlp_only_layers=0 num_experts=60 num_experts_per_tok=4 moe_intermediate_size=1408",
     .row = ATTENTION "qk_norm=1"},
    {"qwen3_omni_moe qwen3_omni_moe_text qwen3_omni_moe_thinker", "Qwen3OmniMoe Qwen3OmniMoeThinker", "qwen3moe", "silu",
     SIZES(28, 2048, 18944, 3584, 28, 4, 0, 32768), ES_HF_EXPERTS,
     .defaults = "decoder_sparse_step=1 mlp_only_layers=0 num_experts=128 num_experts_per_tok=8 moe_intermediate_size=768", .row = ATTENTION "qk_norm=1"},
    {"qwen3_next", "Qwen3Next", "qwen3next", "silu", SIZES(48, 2048, 5632, 151936, 16, 2, 256, 32768), ES_HF_EXPERTS,
     ES_HF_OTHER, "full_attention_interval", NULL, ES_HF_GDN,
     .defaults = GDN "decoder_sparse_step=1 mlp_only_layers=0 linear_num_value_heads=32 full_attention_interval=4 num_experts=512 num_experts_per_tok=10 "
                     "moe_intermediate_size=512 shared_expert_intermediate_size=512",
     .row = ATTENTION "qk_norm=1 shared_gate=1"},
    {"qwen3_5 qwen3_5_text", "Qwen3_5", "qwen35", "silu", SIZES(32, 4096, 12288, 248320, 16, 4, 256, 32768), 0, ES_HF_OTHER,
     "full_attention_interval", NULL, ES_HF_GDN, .defaults = GDN "linear_num_value_heads=32 full_attention_interval=4",
     .row = ATTENTION "qk_norm=1"},
    {"qwen3_5_moe qwen3_5_moe_text", "Qwen3_5Moe", "qwen35moe", "silu", SIZES(40, 2048, 0, 248320, 16, 2, 256, 32768),
     ES_HF_EXPERTS, ES_HF_OTHER, "full_attention_interval", NULL, ES_HF_GDN,
     .defaults = GDN "linear_num_value_heads=32 full_attention_interval=4 num_experts=256 num_experts_per_tok=8 "
                     "moe_intermediate_size=512 shared_expert_intermediate_size=512",
     .row = ATTENTION "qk_norm=1 shared_gate=1"},
    {"gemma", "Gemma", "gemma", "gelu", SIZES(28, 3072, 24576, 256000, 16, 16, 256, 8192),
     .defaults = "tie_word_embeddings=1", .row = ATTENTION},
    {"gemma2", "Gemma2", "gemma2", "gelu", SIZES(26, 2304, 9216, 256000, 8, 4, 256, 8192), .order = ES_HF_SLIDING,
     .period = "2", .defaults = "sliding_window_size=0 tie_word_embeddings=1 sliding_window=4096", .row = ATTENTION "norms_per_layer=4"},
    {"gemma3 gemma3_text", "Gemma3", "gemma3", "gelu", SIZES(26, 2304, 9216, 262208, 8, 4, 256, 131072),
     .order = ES_HF_SLIDING, .period = "sliding_window_pattern",
     .names = "sliding_window_pattern=sliding_window_pattern|_sliding_window_pattern",
     .defaults = "tie_word_embeddings=1 sliding_window=4096 sliding_window_pattern=6",
     .row = ATTENTION "norms_per_layer=4 qk_norm=1"},
    {"gemma3n gemma3n_text", "Gemma3n", "gemma3n", "gelu", SIZES(35, 2048, 16384, 262400, 8, 2, 256, 32768),
     .order = ES_HF_SLIDING, .period = "5", .names = "vocab_size=vocab_size_per_layer_input|vocab_size",
     .defaults = "tie_word_embeddings=1 sliding_window=512 num_kv_shared_layers=15 vocab_size=262144 "
                 "hidden_size_per_layer_input=256 altup_num_inputs=4 laurel_rank=64",
     .row = ATTENTION "norms_per_layer=4 qk_norm=1 per_layer_embd=hidden_size_per_layer_input altup=altup_num_inputs "
                      "laurel_rank=laurel_rank"},
    {"gemma4 gemma4_text", "Gemma4", "gemma4", "gelu", SIZES(30, 2304, 9216, 262144, 8, 4, 256, 131072),
     ES_HF_EXPERTS | ES_HF_MAY_BE_DENSE | ES_HF_BOTH, ES_HF_SLIDING, "6", .names = "num_experts_per_tok=top_k_experts",
     .defaults = "tie_word_embeddings=1 sliding_window=512 global_head_dim=512 hidden_size_per_layer_input=256 "
                 "num_kv_shared_layers=0",
     .row = ATTENTION "norms_per_layer=enable_moe_block?7:4 qk_norm=1 per_layer_embd=hidden_size_per_layer_input"},
    {"phi", "Phi", "phi", "gelu", SIZES(24, 2048, 8192, 51200, 32, 0, 0, 2048),
     .row = "norm=ln norms_per_layer=1 ffn_matrices=2 qkv_bias=1 o_bias=1 mlp_bias=1 lm_head_bias=1"},
    {"phi3 phi4mm", "Phi3 Phi4MM", "phi3", "silu", SIZES(32, 3072, 8192, 32064, 32, 0, 0, 4096), .order = ES_HF_SLIDING,
     .row = ATTENTION},
    {"phimoe", "PhiMoE Phimoe", "phimoe", "silu", SIZES(32, 4096, 6400, 32064, 32, 8, 0, 131072), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .names = "num_experts=num_local_experts", .defaults = "num_experts=16 num_experts_per_tok=2",
     .row = ATTENTION "norm=ln lm_head_bias=lm_head_bias"},
    {"gpt2", "GPT2", "gpt2", "gelu", SIZES(12, 768, 0, 50257, 12, 0, 0, 1024), ES_HF_WIDE,
     .names = N_NAMES "intermediate_size=n_inner max_position_embeddings=n_positions|n_ctx", .defaults = "tie_word_embeddings=1",
     .row = "norm=ln ffn_matrices=2 qkv_bias=1 o_bias=1 mlp_bias=1 pos_rows=max_position_embeddings"},
    {"gpt_bigcode", "GPTBigCode", "starcoder", "gelu", SIZES(12, 768, 0, 50257, 12, 0, 0, 1024), ES_HF_WIDE,
     .names = N_NAMES "intermediate_size=n_inner max_position_embeddings=n_positions",
     .defaults = "tie_word_embeddings=1 multi_query=1",
     .row = "norm=ln ffn_matrices=2 qkv_bias=1 o_bias=1 mlp_bias=1 pos_rows=max_position_embeddings"},
    {"gptj", "GPTJ", "gptj", "gelu", SIZES(28, 4096, 0, 50400, 16, 0, 0, 2048), ES_HF_WIDE,
     .names = N_NAMES "intermediate_size=n_inner max_position_embeddings=n_positions",
     .row = "norm=ln norms_per_layer=1 ffn_matrices=2 mlp_bias=1 lm_head_bias=1",
     .defaults = "rotary=1"},
    {"opt", "OPT", "opt", "relu", SIZES(12, 768, 3072, 50272, 12, 0, 0, 2048), .names = "intermediate_size=ffn_dim",
     .defaults = "tie_word_embeddings=1 enable_bias=1 do_layer_norm_before=1",
     .row = "norm=ln ffn_matrices=2 qkv_bias=enable_bias o_bias=enable_bias mlp_bias=enable_bias"},
    {"gpt_neox", "GPTNeoX", "gptneox", "gelu", SIZES(44, 6144, 24576, 50432, 64, 0, 0, 2048),
     .defaults = "attention_bias=1 use_parallel_residual=1", .row = ATTENTION "norm=ln ffn_matrices=2 mlp_bias=1"},
    {"falcon RefinedWebModel RefinedWeb", "Falcon RW", "falcon", "gelu", SIZES(32, 4544, 0, 65024, 71, 0, 0, 2048), ES_HF_WIDE,
     .names = "num_hidden_layers=num_hidden_layers|n_layer num_attention_heads=num_attention_heads|n_head "
              "num_key_value_heads=num_kv_heads|n_head_kv intermediate_size=ffn_hidden_size",
     .defaults = "ff_factor=0 tie_word_embeddings=1 multi_query=1 parallel_attn=1",
     .row = "norm=ln ffn_matrices=2 qkv_bias=bias o_bias=bias mlp_bias=bias norms_per_layer=parallel_attn?1:2"},
    {"bloom", "Bloom", "bloom", "gelu", SIZES(2, 64, 0, 250880, 8, 0, 0, 0), ES_HF_WIDE,
     .names = "num_hidden_layers=n_layer|num_hidden_layers hidden_size=hidden_size|n_embed num_attention_heads=n_head|num_attention_heads "
              "max_position_embeddings=seq_length",
     .defaults = "tie_word_embeddings=1", .row = "norm=ln ffn_matrices=2 qkv_bias=1 o_bias=1 mlp_bias=1 embed_norm=1"},
    {"mpt", "MPT Mpt", "mpt", "gelu", SIZES(24, 2048, 0, 50368, 16, 0, 0, 2048), ES_HF_WIDE,
     .names = "num_hidden_layers=n_layers hidden_size=d_model num_attention_heads=n_heads max_position_embeddings=max_seq_len "
              "num_key_value_heads=attn_config.kv_n_heads",
     .defaults = "use_pad_tok_in_ffn=1 tie_word_embeddings=1 no_bias=1 expansion_ratio=4 learned_pos_emb=1 attn_config.alibi=1",
     .row = "ffn_matrices=2"},
    {"dbrx", "Dbrx", "dbrx", "silu", SIZES(24, 2048, 3584, 32000, 16, 0, 0, 2048), ES_HF_EXPERTS,
     .names = "num_hidden_layers=n_layers hidden_size=d_model num_attention_heads=n_heads max_position_embeddings=max_seq_len "
              "num_key_value_heads=attn_config.kv_n_heads intermediate_size=ffn_config.ffn_hidden_size "
              "num_experts=ffn_config.moe_num_experts num_experts_per_tok=ffn_config.moe_top_k",
     .defaults = "num_key_value_heads=1 num_experts=4 num_experts_per_tok=1"},
    {"olmo", "Olmo OLMo", "olmo", "silu", SIZES(32, 4096, 11008, 50304, 32, 0, 0, 2048), .row = ATTENTION "norm=ln_np"},
    {"olmo2", "Olmo2", "olmo2", "silu", SIZES(32, 4096, 11008, 50304, 32, 0, 0, 2048), .row = ATTENTION "qk_norm=2"},
    {"olmo3", "Olmo3", "olmo2", "silu", SIZES(32, 4096, 11008, 50304, 32, 0, 0, 2048), .order = ES_HF_SLIDING, .period = "4",
     .defaults = "sliding_window=4096", .row = ATTENTION "qk_norm=2"},
    {"olmoe", "Olmoe OlmoE", "olmoe", "silu", SIZES(16, 2048, 2048, 50304, 16, 0, 0, 4096), ES_HF_EXPERTS,
     .defaults = "num_experts=64 num_experts_per_tok=8", .row = ATTENTION "qk_norm=2"},
    {"granite", "Granite", "granite", "silu", SIZES(32, 4096, 11008, 32000, 32, 0, 0, 2048),
     .row = ATTENTION "mlp_bias=mlp_bias"},
    {"granitemoe", "GraniteMoe", "granitemoe", "silu", SIZES(32, 4096, 11008, 32000, 32, 0, 0, 2048), ES_HF_EXPERTS,
     .names = "num_experts=num_local_experts", .defaults = "num_experts=8 num_experts_per_tok=2", .row = ATTENTION},
    {"granitemoeshared", "GraniteMoeShared", "granitemoe", "silu", SIZES(32, 4096, 11008, 32000, 32, 0, 0, 2048),
     ES_HF_EXPERTS,
     .names = "num_experts=num_local_experts moe_intermediate_size=intermediate_size "
              "shared_expert_intermediate_size=shared_intermediate_size",
     .defaults = "num_experts=8 num_experts_per_tok=2 shared_expert_intermediate_size=0", .row = ATTENTION},
    {"granitemoehybrid", "GraniteMoeHybrid", "granitehybrid", "silu", SIZES(32, 4096, 1024, 32000, 32, 0, 0, 2048),
     ES_HF_EXPERTS | ES_HF_MAY_BE_DENSE, ES_HF_OTHER, NULL, NULL, ES_HF_MAMBA2,
     .names = "intermediate_size=shared_intermediate_size moe_intermediate_size=intermediate_size num_experts=num_local_experts "
              "shared_expert_intermediate_size=shared_intermediate_size layer_types=layer_types|layers_block_type",
     .defaults = "num_experts=8 num_experts_per_tok=2 moe_intermediate_size=11008 shared_expert_intermediate_size=1024 "
                 "mamba_n_heads=128 mamba_n_groups=1 mamba_d_state=256 mamba_d_conv=4 mamba_expand=2 ssm_norm=1",
     .row = ATTENTION},
    {"bamba", "Bamba", "granitehybrid", "silu", SIZES(32, 4096, 14336, 128000, 32, 8, 0, 262144), 0, ES_HF_OTHER, NULL, NULL,
     ES_HF_MAMBA2, .names = "full_attn_idxs=attn_layer_indices",
     .defaults = "mamba_n_heads=128 mamba_n_groups=1 mamba_d_state=256 mamba_d_conv=4 mamba_expand=2 ssm_norm=1"},
    {"falcon_h1", "FalconH1", "falcon-h1", "silu", SIZES(32, 4096, 14336, 128000, 32, 8, 0, 8192), 0, ES_HF_PARALLEL, NULL,
     NULL, ES_HF_MAMBA2, .names = "ssm_norm=mamba_rms_norm",
     .defaults = "mamba_use_mlp=1 mlp_expansion_factor=8 mamba_d_ssm=1024 mamba_n_heads=128 mamba_n_groups=1 mamba_d_state=256 mamba_d_conv=4 mamba_expand=2",
     .row = ATTENTION "mlp_bias=mlp_bias"},
    {"nemotron_h", "NemotronH", "nemotron_h", "relu2", SIZES(0, 4096, 21504, 131072, 32, 8, 128, 4096),
     ES_HF_EXPERTS | ES_HF_SINGLE, ES_HF_LISTED, NULL, NULL, ES_HF_MAMBA2,
     .names = "head_dim=head_dim|attention_head_dim layer_types=hybrid_override_pattern|layers_block_type num_experts=n_routed_experts "
              "num_shared_experts=n_shared_experts shared_expert_intermediate_size=moe_shared_expert_intermediate_size "
              "mamba_n_heads=mamba_num_heads mamba_d_head=mamba_head_dim mamba_n_groups=mamba_n_groups|n_groups "
              "mamba_d_state=ssm_state_size mamba_d_conv=mamba_d_conv|conv_kernel mamba_expand=mamba_expand|expand",
     .defaults = "num_experts=8 num_experts_per_tok=2 num_shared_experts=1 moe_intermediate_size=7688 "
                 "shared_expert_intermediate_size=7688 mamba_n_heads=128 mamba_d_head=64 mamba_n_groups=8 mamba_d_state=128 "
                 "mamba_d_conv=4 mamba_expand=2 ssm_norm=1",
     .row = ATTENTION "norms_per_layer=1 ffn_matrices=2 mlp_bias=mlp_bias router_bias=1 moe_latent=moe_latent_size"},
    {"jamba", "Jamba", "jamba", "silu", SIZES(32, 4096, 14336, 65536, 32, 8, 0, 262144), ES_HF_EXPERTS | ES_HF_MAY_BE_DENSE,
     ES_HF_OTHER, "attn_layer_period", "attn_layer_offset", ES_HF_MAMBA1,
     .defaults = "mamba_inner_layernorms=1 attn_layer_period=8 attn_layer_offset=4 expert_layer_period=2 expert_layer_offset=1 num_experts=16 "
                 "num_experts_per_tok=2 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2 ssm_norm=1"},
    {"mamba", "Mamba", "mamba", "silu", SIZES(32, 768, 0, 50280, 1, 0, 0, 0), ES_HF_NO_FFN | ES_HF_NO_ATTENTION, ES_HF_OTHER, NULL, NULL,
     ES_HF_MAMBA1,
     .names = "num_hidden_layers=num_hidden_layers|n_layer hidden_size=hidden_size|d_model mamba_d_state=state_size|d_state "
              "mamba_d_conv=conv_kernel|d_conv mamba_expand=expand mamba_d_ssm=intermediate_size|d_inner "
              "mamba_dt_rank=time_step_rank|dt_rank",
     .defaults = "rms_norm=1 fused_add_norm=1 norm_before_gate=1 tie_word_embeddings=1 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2",
     .row = "norms_per_layer=1 ffn_matrices=2"},
    {"falcon_mamba", "FalconMamba", "mamba", "silu", SIZES(64, 4096, 0, 65024, 1, 0, 0, 0), ES_HF_NO_FFN | ES_HF_NO_ATTENTION, ES_HF_OTHER, NULL,
     NULL, ES_HF_MAMBA1,
     .names = "mamba_d_state=state_size mamba_d_conv=conv_kernel mamba_expand=expand mamba_d_ssm=intermediate_size|d_inner "
              "mamba_dt_rank=time_step_rank",
     .defaults = "rms_norm=1 fused_add_norm=1 norm_before_gate=1 tie_word_embeddings=1 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2",
     .row = "norms_per_layer=1 ffn_matrices=2"},
    {"mamba2", "Mamba2", "mamba2", "silu", SIZES(64, 4096, 0, 32768, 1, 0, 0, 0), ES_HF_NO_FFN | ES_HF_NO_ATTENTION, ES_HF_OTHER, NULL, NULL,
     ES_HF_MAMBA2,
     .names = "mamba_n_heads=num_heads mamba_d_head=head_dim mamba_n_groups=n_groups mamba_d_state=state_size "
              "mamba_d_conv=conv_kernel mamba_expand=expand mamba_d_ssm=intermediate_size",
     .defaults = "rms_norm=1 fused_add_norm=1 norm_before_gate=1 mamba_n_heads=128 mamba_d_head=64 mamba_n_groups=8 mamba_d_state=128 mamba_d_conv=4 mamba_expand=2 ssm_norm=1",
     .row = "norms_per_layer=1 ffn_matrices=2"},
    {"rwkv7", "RWKV7", "rwkv7", "relu2", SIZES(24, 2048, 0, 32000, 1, 0, 64, 2048), ES_HF_WIDE | ES_HF_NO_ATTENTION, ES_HF_OTHER, NULL, NULL,
     ES_HF_RWKV7, .defaults = "use_l2warp=1 norm_first=1", .row = "norm=ln ffn_matrices=2 embed_norm=norm_first"},
    {"lfm2", "Lfm2", "lfm2", "silu", SIZES(32, 2560, 12288, 65536, 32, 8, 0, 128000), 0, ES_HF_FULL, NULL, NULL, ES_HF_CONV,
     .names = "intermediate_size=block_ff_dim|intermediate_size tie_word_embeddings=tie_embedding|tie_word_embeddings",
     .defaults = "block_use_swiglu=1 use_pos_enc=1 full_attn_idxs=0 tie_word_embeddings=1 conv_L_cache=3 block_auto_adjust_ff_dim=1 block_multiple_of=256 "
                 "block_ffn_dim_multiplier=1",
     .row = "qk_norm=1"},
    {"lfm2_moe", "Lfm2Moe", "lfm2moe", "silu", SIZES(32, 2048, 7168, 65536, 32, 8, 0, 128000), ES_HF_EXPERTS, ES_HF_LISTED,
     NULL, NULL, ES_HF_CONV,
     .names = "tie_word_embeddings=tie_embedding|tie_word_embeddings first_k_dense_replace=num_dense_layers",
     .defaults = "block_use_swiglu=1 use_pos_enc=1 tie_word_embeddings=1 conv_L_cache=3 moe_intermediate_size=1792 first_k_dense_replace=2 num_experts=32 "
                 "num_experts_per_tok=4 use_expert_bias=1",
     .row = "qk_norm=1 router_bias=use_expert_bias"},
    {"llama4 llama4_text", "Llama4", "llama4", "silu", SIZES(48, 5120, 16384, 202048, 40, 8, 128, 131072), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .period = "no_rope_layer_interval",
     .names = "intermediate_size=intermediate_size_mlp moe_intermediate_size=intermediate_size num_experts=num_local_experts "
              "sliding_window=attention_chunk_size decoder_sparse_step=interleave_moe_layer_step "
              "shared_expert_intermediate_size=intermediate_size",
     .defaults = "use_qk_norm=1 moe_layers=0 sliding_window=8192 no_rope_layer_interval=4 moe_intermediate_size=8192 num_experts=16 num_experts_per_tok=1 "
                 "shared_expert_intermediate_size=8192",
     .row = ATTENTION},
    {"deepseek", "Deepseek", "deepseek", "silu", SIZES(30, 4096, 11008, 102400, 32, 32, 0, 2048),
     ES_HF_EXPERTS | ES_HF_MAY_BE_DENSE, .names = "num_experts=n_routed_experts num_shared_experts=n_shared_experts",
     .defaults = "first_k_dense_replace=0 moe_layer_freq=1 moe_intermediate_size=1407", .row = ATTENTION},
    {"deepseek_v2", "DeepseekV2", "deepseek2", "silu", SIZES(32, 4096, 11008, 32000, 32, 0, 0, 2048),
     ES_HF_EXPERTS | ES_HF_MAY_BE_DENSE | ES_HF_MLA,
     .names = "num_experts=n_routed_experts num_shared_experts=n_shared_experts",
     .defaults = LATENT "qk_head_dim=0 first_k_dense_replace=0 moe_layer_freq=1 q_lora_rank=1536 num_experts=64 num_shared_experts=2 moe_intermediate_size=1407",
     .row = ATTENTION},
    {"deepseek_v3 kimi_k2", "DeepseekV3", "deepseek2", "silu", SIZES(61, 7168, 18432, 129280, 128, 128, 0, 4096),
     ES_HF_EXPERTS | ES_HF_MLA, .names = "num_experts=n_routed_experts num_shared_experts=n_shared_experts",
     .defaults = LATENT "qk_head_dim=0 moe_layer_freq=1 q_lora_rank=1536 num_experts=256 num_experts_per_tok=8 num_shared_experts=1 "
                        "moe_intermediate_size=2048 first_k_dense_replace=3",
     .row = ATTENTION "router_bias=1"},
    {"glm4_moe_lite", "Glm4MoeLite", "deepseek2", "silu", SIZES(47, 2048, 10240, 154880, 20, 20, 0, 202752),
     ES_HF_EXPERTS | ES_HF_MLA, .names = "num_experts=n_routed_experts num_shared_experts=n_shared_experts",
     .defaults = "qk_head_dim=0 mlp_layer_types=0 moe_layer_freq=1 kv_lora_rank=512 q_lora_rank=768 qk_rope_head_dim=64 qk_nope_head_dim=192 v_head_dim=256 num_experts=64 "
                 "num_experts_per_tok=4 num_shared_experts=1 moe_intermediate_size=1536 first_k_dense_replace=1",
     .row = ATTENTION "router_bias=1"},
    {"glm4_moe glm4v_moe glm4v_moe_text Glm4Moe", "Glm4Moe Glm4vMoe", "glm4moe", "silu",
     SIZES(46, 4096, 10944, 151552, 96, 8, 0, 131072), ES_HF_EXPERTS,
     .names = "num_experts=n_routed_experts num_shared_experts=n_shared_experts",
     .defaults = "moe_layer_freq=1 num_experts=128 num_experts_per_tok=8 num_shared_experts=1 moe_intermediate_size=1408 "
                 "first_k_dense_replace=1",
     .row = "qkv_bias=attention_bias qk_norm=use_qk_norm?1:0 router_bias=1 mtp_layers=num_nextn_predict_layers"},
    {"glm", "Glm", "glm", "silu", SIZES(40, 4096, 13696, 151552, 32, 2, 128, 131072), .defaults = "attention_bias=1",
     .row = "qkv_bias=attention_bias"},
    {"glm4 glm4v glm4v_text", "Glm4 Glm4v", "glm4", "silu", SIZES(40, 4096, 13696, 151552, 32, 2, 128, 131072),
     .defaults = "attention_bias=1", .row = "qkv_bias=attention_bias norms_per_layer=4"},
    {"chatglm", "ChatGLM", "chatglm", "silu", SIZES(28, 4096, 13696, 65024, 32, 0, 0, 2048),
     .names = "num_hidden_layers=num_layers intermediate_size=ffn_hidden_size max_position_embeddings=seq_length "
              "vocab_size=padded_vocab_size|vocab_size head_dim=kv_channels num_key_value_heads=multi_query_group_num",
     .defaults = "post_layer_norm=1 head_dim=128 rmsnorm=1 multi_query_group_num=1", .row = "qkv_bias=add_qkv_bias"},
    {"smollm3", "SmolLM3", "smollm3", "silu", SIZES(36, 2048, 11008, 128256, 16, 4, 0, 32768), .order = ES_HF_LATE,
     .defaults = "tie_word_embeddings=1 max_window_layers=0", .row = ATTENTION "mlp_bias=mlp_bias"},
    {"stablelm stablelm_epoch", "StableLm StableLM StableLmEpoch StableLMEpoch", "stablelm", "silu",
     SIZES(32, 2560, 6912, 50304, 32, 32, 0, 4096),
     .row = "norm=ln qkv_bias=use_qkv_bias norms_per_layer=use_parallel_residual?1:2 qk_norm=qk_layernorm?2:0"},
    {"minicpm", "MiniCPM", "minicpm", "silu", SIZES(32, 4096, 11008, 32000, 32, 0, 0, 2048),
     .defaults = "tie_word_embeddings=1", .row = ATTENTION},
    {"minicpm3", "MiniCPM3", "minicpm3", "silu", SIZES(62, 2560, 6400, 73448, 40, 0, 0, 32768), ES_HF_MLA,
     .defaults = "tie_word_embeddings=1 kv_lora_rank=256 q_lora_rank=768 qk_nope_head_dim=64 qk_rope_head_dim=32",
     .row = ATTENTION},
    {"plm", "PLM", "plm", "relu2", SIZES(32, 2048, 8192, 151936, 16, 0, 0, 4096), ES_HF_MLA,
     .defaults = "tie_word_embeddings=1 " LATENT, .row = ATTENTION "ffn_matrices=2"},
    {"gpt_oss", "GptOss", "gptoss", "silu", SIZES(36, 2880, 2880, 201088, 64, 8, 64, 131072), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .period = "2",
     .names = "num_experts=num_local_experts|num_experts num_experts_per_tok=num_experts_per_tok|experts_per_token",
     .defaults = "sliding_window=128 num_experts=128 num_experts_per_tok=4 attention_bias=1",
     .row = ATTENTION "router_bias=1 expert_bias=1 attn_sinks=1"},
    {"internlm", "InternLM", "llama", "silu", SIZES(32, 4096, 11008, 103168, 32, 0, 0, 2048), .defaults = "bias=1",
     .row = "qkv_bias=bias o_bias=bias"},
    {"internlm2", "InternLM2", "internlm2", "silu", SIZES(32, 4096, 11008, 103168, 32, 0, 0, 2048), .defaults = "bias=1",
     .row = "qkv_bias=bias o_bias=bias"},
    {"internlm3", "InternLM3", "llama", "silu", SIZES(32, 4096, 11008, 128512, 32, 0, 0, 32768),
     .row = "qkv_bias=qkv_bias o_bias=bias mlp_bias=bias"},
    {"exaone", "Exaone", "exaone", "silu", SIZES(32, 2048, 0, 102400, 32, 0, 0, 2048), ES_HF_WIDE,
     .names = "num_hidden_layers=num_layers", .defaults = "tie_word_embeddings=1"},
    {"exaone4 exaone4_5_text", "Exaone4", "exaone4", "silu", SIZES(32, 4096, 16384, 102400, 32, 32, 0, 2048), .order = ES_HF_SLIDING,
     .period = "sliding_window_pattern", .defaults = "sliding_window=4096 sliding_window_pattern=4", .row = "qk_norm=1"},
    {"ernie4_5 paddleocr_vl paddleocr_vl_text", "Ernie4_5 PaddleOCRVL", "ernie4_5", "silu", SIZES(18, 1024, 3072, 103424, 16, 2, 128, 131072),
     .defaults = "tie_word_embeddings=1", .row = "qkv_bias=use_bias o_bias=use_bias mlp_bias=use_bias"},
    {"ernie4_5_moe", "Ernie4_5_Moe", "ernie4_5", "silu", SIZES(28, 2560, 12288, 103424, 20, 4, 0, 131072), ES_HF_EXPERTS,
     .names = "num_experts=moe_num_experts num_experts_per_tok=moe_k num_shared_experts=moe_num_shared_experts "
              "first_k_dense_replace=moe_layer_start_index decoder_sparse_step=moe_layer_interval",
     .defaults = "moe_use_aux_free=1 moe_capacity=0 moe_layer_end_index=-1 tie_word_embeddings=1 moe_intermediate_size=1536 num_experts=64 num_experts_per_tok=6 num_shared_experts=2 "
                 "first_k_dense_replace=1",
     .row = "qkv_bias=use_bias o_bias=use_bias mlp_bias=use_bias router_bias=1"},
    {"bitnet", "BitNet BitNetForCausalLM", "bitnet", "relu2", SIZES(30, 2560, 6912, 128256, 20, 5, 0, 2048),
     .row = ATTENTION "sub_norms=1"},
    {"starcoder2", "Starcoder2", "starcoder2", "gelu", SIZES(30, 3072, 12288, 49152, 24, 2, 0, 4096), .order = ES_HF_SLIDING,
     .defaults = "tie_word_embeddings=1 use_bias=1",
     .row = "norm=ln ffn_matrices=2 qkv_bias=use_bias o_bias=use_bias mlp_bias=use_bias"},
    {"mobilellm", "MobileLLM", "mobilellm", "silu", SIZES(30, 576, 1536, 32000, 9, 3, 0, 2048),
     .names = "tie_word_embeddings=share_embedding|tie_word_embeddings", .defaults = "tie_word_embeddings=1",
     .row = ATTENTION "mlp_bias=mlp_bias"},
    {"arcee", "Arcee", "arcee", "relu2", SIZES(32, 2560, 18432, 32000, 32, 0, 0, 4096),
     .row = ATTENTION "mlp_bias=mlp_bias ffn_matrices=2"},
    {"nemotron", "Nemotron", "nemotron", "relu2", SIZES(32, 6144, 24576, 256000, 48, 0, 0, 4096),
     .row = ATTENTION "norm=ln mlp_bias=mlp_bias ffn_matrices=2"},
    {"seed_oss", "SeedOss", "seed_oss", "silu", SIZES(64, 4096, 27648, 155136, 80, 8, 128, 524288),
     .defaults = "attention_bias=1", .row = "qkv_bias=attention_bias o_bias=attention_out_bias mlp_bias=mlp_bias"},
    {"hunyuan_v1_dense", "HunYuanDenseV1", "hunyuan-dense", "silu", SIZES(32, 4096, 11008, 290943, 32, 0, 0, 2048),
     .row = ATTENTION "qk_norm=1",
     .names = "head_dim=head_dim|attention_head_dim",
     .defaults = "qk_norm=1 use_qk_norm=1 num_shared_expert=1 use_rotary_pos_emb=1 org_vocab_size=0 num_media_embeds=0"},
    {"hunyuan_v1_moe", "HunYuanMoEV1", "hunyuan-moe", "silu", SIZES(32, 4096, 11008, 290943, 32, 0, 0, 2048),
     ES_HF_EXPERTS, .names = "head_dim=head_dim|attention_head_dim num_experts_per_tok=moe_topk moe_intermediate_size=intermediate_size",
     .defaults = "use_mixed_mlp_moe=1 qk_norm=1 use_qk_norm=1 num_shared_expert=1 use_rotary_pos_emb=1 org_vocab_size=0 num_media_embeds=0 num_experts=1 num_experts_per_tok=1 moe_intermediate_size=11008 num_shared_experts=1",
     .row = ATTENTION "qk_norm=1"},
    {"cohere", "Cohere", "command-r", "silu", SIZES(40, 8192, 22528, 256000, 64, 0, 0, 8192),
     .defaults = "tie_word_embeddings=1", .row = ATTENTION "norms_per_layer=1 qk_norm=use_qk_norm?2:0"},
    {"cohere2", "Cohere2", "cohere2", "silu", SIZES(40, 8192, 22528, 256000, 64, 0, 0, 8192), .order = ES_HF_SLIDING,
     .period = "sliding_window_pattern", .names = "sliding_window_pattern=sliding_window_pattern|_sliding_window_pattern",
     .defaults = "layer_switch=4 use_embedding_sharing=1 use_gated_activation=1 use_parallel_block=1 use_parallel_embedding=1 tie_word_embeddings=1 sliding_window=4096 sliding_window_pattern=4", .row = ATTENTION "norms_per_layer=1"},
    {"baichuan", "Baichuan BaiChuan", "baichuan", "silu", SIZES(32, 4096, 11008, 125696, 32, 0, 0, 4096),
     .names = "max_position_embeddings=model_max_length|max_position_embeddings"},
    {"orion", "Orion", "orion", "silu", SIZES(40, 5120, 15360, 84608, 40, 40, 0, 4096), .row = ATTENTION "norm=ln"},
    {"apertus", "Apertus", "apertus", "xielu", SIZES(32, 4096, 14336, 131072, 32, 0, 0, 65536),
     .row = ATTENTION "ffn_matrices=2 qk_norm=1",
     .defaults = "qk_norm=1"},
    {"openelm", "OpenELM", "openelm", "silu", SIZES(12, 1280, 0, 32000, 12, 0, 128, 2048),
     .names = "num_hidden_layers=num_transformer_layers hidden_size=model_dim num_attention_heads=num_query_heads "
              "num_key_value_heads=num_kv_heads max_position_embeddings=max_context_length "
              "tie_word_embeddings=share_input_output_layers",
     .defaults = "tie_word_embeddings=1 ffn_dim_divisor=256 ffn_with_glu=1 normalize_qk_projections=1",
     .row = "qk_norm=normalize_qk_projections?1:0 ffn_matrices=ffn_with_glu?3:2"},
    {"bailing_moe bailing_moe_v2", "BailingMoe BailingMoeV2", "bailingmoe", "silu",
     SIZES(24, 1024, 5632, 30592, 16, 0, 0, 16384), ES_HF_EXPERTS, .order = ES_HF_LATE,
     .defaults = "use_rmsnorm=1 moe_shared_expert_intermediate_size=0 first_k_dense_replace=0 num_experts=64 num_experts_per_tok=6 "
                 "num_shared_experts=0 moe_intermediate_size=1408",
     .row = "qkv_bias=use_qkv_bias o_bias=use_bias mlp_bias=use_bias qk_norm=use_qk_norm?1:0 router_bias=moe_router_enable_expert_bias mtp_layers=num_nextn_predict_layers"},
    {"minimax_m2", "MiniMaxM2", "minimax-m2", "silu", SIZES(62, 3072, 1536, 200064, 48, 8, 128, 196608), ES_HF_EXPERTS,
     .names = "num_experts=num_local_experts moe_intermediate_size=intermediate_size",
     .defaults = "use_qk_norm=1 use_routing_bias=1 attn_type_list=0 num_experts=256 num_experts_per_tok=8",
     .row = "qk_norm=use_qk_norm?2:0 router_bias=use_routing_bias"},
    {"exaone_moe", "ExaoneMoe ExaoneMoE", "exaone-moe", "silu", SIZES(32, 4096, 16384, 102400, 32, 32, 0, 2048), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .period = "sliding_window_pattern", .names = "mlp_layer_types=mlp_layer_types|is_moe_layer",
     .defaults = "mlp_layer_types=0 sliding_window=4096 sliding_window_pattern=4 first_k_dense_replace=1 num_experts=64 "
                 "num_experts_per_tok=8 num_shared_experts=1 moe_intermediate_size=1024",
     .row = "qk_norm=1 router_bias=1 mtp_layers=num_nextn_predict_layers"},
    {"dots1", "Dots1", "dots1", "silu", SIZES(62, 4608, 10944, 152064, 32, 32, 0, 2048), ES_HF_EXPERTS, .order = ES_HF_LATE,
     .names = "num_experts=n_routed_experts num_shared_experts=n_shared_experts",
     .defaults = "first_k_dense_replace=0 moe_layer_freq=1 use_sliding_window=1 sliding_window=4096 max_window_layers=62 moe_intermediate_size=1408",
     .row = ATTENTION "qk_norm=1 router_bias=1"},
    {"afmoe", "Afmoe", "afmoe", "silu", SIZES(32, 2048, 6144, 200192, 16, 0, 128, 16384), ES_HF_EXPERTS | ES_HF_GATED,
     .order = ES_HF_SLIDING, .period = "global_attn_every_n_layers", .names = "first_k_dense_replace=num_dense_layers",
     .defaults = "mup_enabled=1 sliding_window=1024 global_attn_every_n_layers=4 first_k_dense_replace=1 num_experts=64 "
                 "num_experts_per_tok=6 num_shared_experts=2 moe_intermediate_size=1408",
     .row = ATTENTION "qk_norm=1 norms_per_layer=4 router_bias=1"},
    {"smallthinker", "SmallThinker", "smallthinker", "relu", SIZES(32, 1536, 0, 151936, 12, 2, 128, 32768), ES_HF_EXPERTS,
     .names = "num_experts=moe_num_primary_experts num_experts_per_tok=moe_num_active_primary_experts "
              "moe_intermediate_size=moe_ffn_hidden_size sliding_window=sliding_window_size mlp_layer_types=moe_layer_layout",
     .defaults = "tie_word_embeddings=1 num_experts=32 num_experts_per_tok=4 moe_intermediate_size=768 sliding_window_layout=0 rope_layout=0 moe_primary_router_apply_softmax=0 moe_enable_early_router=1"},
    {"nemotron-nas deci", "DeciLM", "deci", "silu", SIZES(32, 4096, 0, 32000, 32, 0, 0, 2048),
     .names = "num_key_value_heads=num_key_value_heads_per_layer|num_key_value_heads", .defaults = "intermediate_size=11008 block_configs=0",
     .row = ATTENTION "mlp_bias=mlp_bias"},
    {"xverse", "Xverse", "xverse", "silu", SIZES(40, 5120, 13824, 100278, 40, 0, 0, 8192),
     .defaults = "max_tokenizer_truncation=0"},
    {"mellum", "Mellum", "mellum", "silu", SIZES(28, 2304, 7168, 98304, 32, 4, 128, 131072), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .period = "4",
     .defaults = "mlp_layer_types=0 use_sliding_window=1 max_window_layers=0 sliding_window=1024 num_experts=64 "
                 "num_experts_per_tok=8 moe_intermediate_size=896",
     .row = ATTENTION "qk_norm=1"},
    {"jais2", "Jais2", "jais2", "relu2", SIZES(32, 3328, 26624, 150272, 26, 0, 0, 8192),
     .defaults = "attention_bias=1 mlp_bias=1", .row = ATTENTION "norm=ln mlp_bias=mlp_bias ffn_matrices=2"},
    {"mistral4", "Mistral4", "mistral4", "silu", SIZES(36, 4096, 12288, 131072, 32, 32, 0, 1048576),
     ES_HF_EXPERTS | ES_HF_MLA,
     .names = "num_experts=n_routed_experts|num_local_experts num_shared_experts=n_shared_experts",
     .defaults = "qk_head_dim=0 kv_lora_rank=256 q_lora_rank=1024 qk_rope_head_dim=64 qk_nope_head_dim=64 v_head_dim=128 "
                 "num_experts=128 num_experts_per_tok=4 num_shared_experts=1 moe_intermediate_size=2048 first_k_dense_replace=0",
     .row = ATTENTION},
    {"laguna", "Laguna", "laguna", "silu", SIZES(40, 2048, 8192, 100352, 48, 8, 128, 131072), ES_HF_EXPERTS,
     .names = "num_attention_heads=num_attention_heads_per_layer|num_attention_heads",
     .defaults = "gating=1 mlp_layer_types=0 first_k_dense_replace=1 sliding_window=512 num_experts=256 "
                 "num_experts_per_tok=8 moe_intermediate_size=512 shared_expert_intermediate_size=512 "
                 "moe_routed_scaling_factor=1 moe_router_logit_softcapping=0 swa_attention_sink_enabled=0",
     .row = ATTENTION "qk_norm=1 router_bias=1"},
    {"hy_v3", "HYV3", "hy_v3", "silu", SIZES(80, 4096, 13312, 120832, 64, 8, 128, 131072), ES_HF_EXPERTS,
     .names = "num_experts=num_experts|num_local_experts",
     .defaults = "mlp_layer_types=0 first_k_dense_replace=1 num_experts=192 num_experts_per_tok=8 num_shared_experts=1 "
                 "moe_intermediate_size=1536 router_scaling_factor=1 enable_moe_fp32_combine=1",
     .row = ATTENTION "mlp_bias=mlp_bias qk_norm=1 router_bias=1 mtp_layers=num_nextn_predict_layers"},
    {"solar_open", "SolarOpen", "glm4moe", "silu", SIZES(48, 4096, 0, 196608, 64, 8, 128, 131072), ES_HF_EXPERTS,
     .names = "num_experts=n_routed_experts|num_local_experts num_shared_experts=n_shared_experts",
     .defaults = "first_k_dense_replace=0 moe_layer_freq=1 num_experts=128 num_experts_per_tok=8 num_shared_experts=1 "
                 "moe_intermediate_size=1280",
     .row = ATTENTION "router_bias=1"},
    {"youtu youtu_llm", "Youtu", "deepseek2", "silu", SIZES(32, 2048, 6144, 128256, 16, 16, 0, 131072), ES_HF_MLA,
     .defaults = LATENT "qk_head_dim=0 tie_word_embeddings=1 q_lora_rank=1536 mlp_bias=0", .row = ATTENTION "mlp_bias=mlp_bias"},
    {"PanguEmbedded openpangu_dense", "PanguEmbedded", "pangu-embedded", "silu",
     SIZES(34, 4096, 12800, 153376, 32, 8, 0, 32768), .defaults = "bias=1", .row = "qkv_bias=bias o_bias=bias"},
    {"Dream", "Dream", "dream", "silu", SIZES(32, 4096, 22016, 151936, 32, 32, 0, 32768), .order = ES_HF_LATE,
     .defaults = "sliding_window=4096 max_window_layers=28", .row = "qkv_bias=1"},
    {"llada", "LLaDA LLaDAModelLM", "llada", "silu", SIZES(32, 4096, 0, 126464, 32, 0, 0, 1024), ES_HF_WIDE,
     .names = "num_hidden_layers=n_layers|num_hidden_layers hidden_size=d_model|hidden_size num_attention_heads=n_heads|num_attention_heads "
              "num_key_value_heads=n_kv_heads|num_key_value_heads intermediate_size=mlp_hidden_size|intermediate_size "
              "vocab_size=embedding_size|vocab_size max_position_embeddings=max_sequence_length|max_position_embeddings "
              "tie_word_embeddings=weight_tying|tie_word_embeddings",
     .defaults = "block_group_size=1 mlp_ratio=4 rope=1 flash_attention=0 layer_norm_with_affine=1 attention_layer_norm_with_affine=1 "
                 "include_bias=0 include_qkv_bias=0 alibi_bias_max=8 scale_logits=0",
     .row = "qkv_bias=include_qkv_bias o_bias=include_bias mlp_bias=include_bias"},
    {"plamo3", "Plamo3 PLaMo3", "plamo3", "silu", SIZES(32, 4096, 13312, 32000, 32, 4, 128, 2048), .order = ES_HF_SLIDING,
     .period = "sliding_window_pattern", .names = "sliding_window=window_size|sliding_window|interleaved_sliding_window",
     .defaults = "tie_word_embeddings=1 sliding_window=2048 sliding_window_pattern=8 scale_embedding=0",
     .row = ATTENTION "qk_norm=1 norms_per_layer=4"},
    {"mimo_v2 mimo_v2_flash", "MiMoV2 MiMoV2Flash", "mimo2", "silu", SIZES(48, 4096, 16384, 152576, 64, 4, 192, 131072), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .period = "6",
     .names = "num_experts=n_routed_experts|num_local_experts num_shared_experts=n_shared_experts sliding_window_layout=hybrid_layer_pattern "
              "mlp_layer_types=mlp_layer_types|moe_layer_freq sliding_window=sliding_window|sliding_window_size",
     .defaults = "swa_num_attention_heads=64 swa_num_key_value_heads=8 swa_head_dim=192 swa_v_head_dim=128 v_head_dim=128 "
                 "sliding_window=128 add_swa_attention_sink_bias=1 add_full_attention_sink_bias=0 first_k_dense_replace=1 num_experts=256 "
                 "num_experts_per_tok=8 moe_intermediate_size=2048 attention_chunk_size=0 hybrid_block_size=0",
     .row = ATTENTION "router_bias=1 v_head_dim=v_head_dim"},
    {"step3p5", "Step3p5", "step35", "silu", SIZES(45, 4096, 11264, 128815, 64, 8, 128, 128000), ES_HF_EXPERTS,
     .names = "num_key_value_heads=num_attention_groups|num_key_value_heads num_experts=moe_num_experts|n_routed_experts|num_local_experts|num_experts "
              "num_experts_per_tok=moe_top_k|num_experts_per_tok shared_expert_intermediate_size=share_expert_dim|share_expert_dims "
              "moe_layers=moe_layers_enum gating=use_head_wise_attn_gate "
              "swa_num_attention_heads=num_sliding_attention_heads|attention_other_setting.num_attention_heads "
              "swa_num_key_value_heads=attention_other_setting.num_attention_groups swa_head_dim=attention_other_setting.head_dim",
     .defaults = "attention_other_setting=0 mlp_layer_types=0 use_moe=1 moe_every_n_layer=1 moe_layer_offset=0 max_seq_len=0 first_k_dense_replace=3 num_experts=288 "
                 "num_experts_per_tok=8 moe_intermediate_size=1280 shared_expert_intermediate_size=1280",
     .row = ATTENTION "mlp_bias=mlp_bias qk_norm=1 router_bias=use_moe_router_bias mtp_layers=num_nextn_predict_layers"},
    {"cohere2_moe", "Cohere2Moe", "cohere2moe", "silu", SIZES(40, 8192, 22528, 256000, 64, 0, 128, 8192), ES_HF_EXPERTS,
     .order = ES_HF_SLIDING, .period = "sliding_window_pattern",
     .names = "intermediate_size=prefix_dense_intermediate_size|intermediate_size moe_intermediate_size=intermediate_size",
     .defaults = "tie_word_embeddings=1 sliding_window=4096 sliding_window_pattern=4 mlp_layer_types=0 first_k_dense_replace=0 num_experts=8 "
                 "num_experts_per_tok=2 num_shared_experts=0 moe_intermediate_size=22528 prefix_dense_sliding_window_pattern=1",
     .row = ATTENTION "norms_per_layer=1"},
    {"grove_moe", "GroveMoe", "grovemoe", "silu", SIZES(48, 2048, 6144, 151936, 32, 4, 128, 40960), ES_HF_EXPERTS, .order = ES_HF_LATE,
     .defaults = "decoder_sparse_step=1 mlp_only_layers=0 max_window_layers=48 num_experts=128 num_experts_per_tok=8 moe_intermediate_size=768",
     .row = ATTENTION "qk_norm=1"},
    {"arctic", "Arctic", "arctic", "silu", SIZES(32, 4096, 4096, 32000, 32, 0, 0, 4096), ES_HF_EXPERTS | ES_HF_BOTH,
     .names = "intermediate_size=hidden_size moe_intermediate_size=intermediate_size num_experts=num_local_experts",
     .defaults = "moe_layer_frequency=2 parallel_attn_mlp_res=0 use_residual=1 moe_min_capacity=0 moe_token_dropping=1 "
                 "moe_train_capacity_factor=1 moe_eval_capacity_factor=1 num_experts=8 num_experts_per_tok=1 moe_intermediate_size=14336",
     .row = ATTENTION "norms_per_layer=3"},
    {"grok grok-1 grok-2", "Grok Grok1", "grok", "gelu", SIZES(64, 6144, 32768, 131072, 48, 8, 0, 8192), ES_HF_EXPERTS | ES_HF_BOTH,
     .names = "num_experts=num_local_experts|num_experts",
     .defaults = "residual_moe=0 sliding_window_size=-1 global_attn_every_n=1 num_experts=8 num_experts_per_tok=2",
     .row = ATTENTION "norms_per_layer=4"},
    {"codeshell kclgpt", "CodeShell", "codeshell", "gelu", SIZES(42, 4096, 0, 70144, 32, 0, 0, 8192), ES_HF_WIDE,
     .names = N_NAMES "intermediate_size=n_inner max_position_embeddings=n_positions num_key_value_heads=num_query_groups",
     .defaults = "tie_word_embeddings=1 group_query_attention=1 num_key_value_heads=1 multi_query=0",
     .row = "norm=ln ffn_matrices=2 qkv_bias=1 o_bias=1 mlp_bias=1"},
    {"gpt_refact", "GPTRefact", "refact", "silu", SIZES(32, 1024, 0, 49216, 64, 0, 0, 4096), ES_HF_WIDE,
     .names = N_NAMES "max_position_embeddings=n_positions", .defaults = "num_key_value_heads=1 multi_query=1 do_sample=1"},
    {"jais", "JAIS", "jais", "silu", SIZES(12, 768, 0, 50257, 12, 0, 0, 1024), ES_HF_WIDE,
     .names = N_NAMES "intermediate_size=n_inner max_position_embeddings=n_positions", .defaults = "tie_word_embeddings=1",
     .row = "norm=ln qkv_bias=1 o_bias=1 mlp_bias=1"},
    {"rnd1", "RND1", "rnd1", "silu", SIZES(48, 2048, 6144, 151936, 32, 4, 128, 32768), ES_HF_EXPERTS, .order = ES_HF_LATE,
     .defaults = "decoder_sparse_step=1 mlp_only_layers=0 sliding_window=4096 max_window_layers=28 num_experts=128 "
                 "num_experts_per_tok=8 moe_intermediate_size=768",
     .row = ATTENTION "qk_norm=1"},
};
/* clang-format on */
const size_t es_hf_n_archs = sizeof es_hf_archs / sizeof *es_hf_archs;

const char es_hf_harmless[] =
    /* PretrainedConfig */
    "architectures model_type auto_map transformers_version torch_dtype dtype return_dict output_hidden_states "
    "output_attentions torchscript use_bfloat16 tf_legacy_loss pruned_heads chunk_size_feed_forward is_decoder "
    "tie_encoder_decoder max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty "
    "temperature top_k top_p typical_p repetition_penalty length_penalty no_repeat_ngram_size "
    "encoder_no_repeat_ngram_size bad_words_ids num_return_sequences output_scores return_dict_in_generate "
    "remove_invalid_values exponential_decay_length_penalty suppress_tokens begin_suppress_tokens finetuning_task "
    "id2label label2id tokenizer_class prefix problem_type task_specific_params num_labels use_cache "
    "cross_attention_hidden_size gradient_checkpointing attn_implementation unsloth_* license _* "
    /* other parts of the model, read apart or not at all */
    "vision_config audio_config quantization_config quantization compression_config num_nextn_predict_layers "
    "mtp_* vision_* image_* video_* audio_* mm_* img_* max_image_size dynamic_image_size use_thumbnail "
    /* positions */
    "rope_* rotary_* partial_rotary_factor original_max_position_embeddings initial_context_length "
    "mrope_section use_mrope no_rope_layers no_rope_layer_interval alibi* offset_alibi position_embedding_type "
    "use_dynamic_ntk use_logn_attn max_sequence_length n_ctx position_encoding_2d original_rope "
    "attn_temperature_tuning floor_scale attn_scale llama_4_scaling* "
    /* numbers that scale, drop, start or train */
    "*_token_id *_token_ids *_token_index *_dropout *dropout *_dropout_prob *_dropout_p *_pdrop *pdrop *_eps *_epsilon "
    "*_std "
    "*_coef *_coeff *_softcapping *_softcap *_alpha initializer_range *initializer_range *_loss_weight init_* "
    "hidden_act activation_function hidden_activation hidden_act_param mlp_hidden_act mamba_hidden_act "
    "activation_fn_name act_fn feed_forward_act ffn_act_fn query_pre_attn_scalar attention_multiplier "
    "embedding_multiplier residual_multiplier logits_scaling logit_scale lm_head_multiplier key_multiplier "
    "attention_out_multiplier attention_in_multiplier mlp_multipliers ssm_multipliers ssm_in_multiplier "
    "ssm_out_multiplier scale_emb scale_depth dim_model_base attention_softmax_in_fp32 apply_query_key_layer_scaling "
    "apply_residual_connection_post_layernorm fp32_residual_connection scale_attn_weights "
    "scale_attn_by_inverse_layer_idx reorder_and_upcast_attn summary_* interpolate_factor full_attn_mod "
    "swiglu_limit clip_qkv qkv_clip residual_in_fp32 rescale_prenorm_residual time_step_* chunk_size mamba_chunk_size "
    "mamba_ssm_cache_dtype mamba_dt_* mamba_norm_before_gate use_mambapy use_mamba_kernels use_falcon_mambapy "
    "num_logits_to_keep linear_attn_type activation_sparsity_pattern "
    "altup_active_idx altup_coef_clip altup_correct_scale default_theta ignore_keys_at_rope_validation "
    /* routers */
    "norm_topk_prob n_group topk_group topk_method scoring_func routed_scaling_factor seq_aux ep_size "
    "num_expert_group output_router_logits router_jitter_noise moe_shared_expert_overlap moe_norm_min "
    "moe_drop_tokens moe_random_routing_dropped_token moe_aux_* norm_min route_scale "
    "score_func route_norm num_expert_groups num_limited_groups use_grouped_mm score_function router_dtype "
    "shared_moe_mode qk_norm_type num_mtp_modules use_mtp mlp_intermediate_size norm_head "
    "norm_softmax layernorm_* moe_jitter_eps moe_loss_weight moe_normalize_expert_weights expert_capacity "
    "use_grouped_topk group_limited_topk "
    /* of one kind of repository or another */
    "pretraining_tp is_llama_config use_bidirectional_attention use_flash_attn use_flash_attention* attn_impl "
    "attn_type "
    "attn_uses_sequence_id prefix_lm softmax_scale qk_ln_eps fused_norm fuse_* use_fused_* verbose init_config "
    "embedding_fraction logit_scale_* normalization_layer_name rms_type weight_tied precision fp16 bf16 fp32 fp8* "
    "onnx_safe kv_cache_* use_cache_* softmax_in_fp32 z_loss_* cache_implementation bos eos vocab_size_per_layer_input "
    "num_gqa_groups qkv_multipliers model_parallel* tensor_parallel* sep_token pad_token tokens_per_* "
    "add_bias_linear_act cla_share_factor dense_list pool_type sep_* eod_* im_* mask_init_id head_first "
    "attn_mode lm_head_type value_dim num_heads block_dim conv_dim conv_dim_out "
    "masked_softmax_fusion bias_dropout_fusion skip_bias_add* *jitter_noise block_out_init_scale block_mlp_init_scale "
    "block_use_xavier_init conv_use_xavier_init "
    "pad_vocab_size_multiple mup_denominator compression_ratio scale_attention_softmax_in_fp32 pad_key_length "
    "swiglu_limits* need_fp32_gate norm_expert_weight moe_router_* use_rope_layers yarn_only_types "
    "partial_rotary_factors "
    "att_impl_type zero_centered shared_expert_combination_strategy expert_selection_fn swa_rope_theta "
    "attention_value_scale "
    "attention_projection_layout embedding_multiplier_scale output_multiplier_scale attn_output_multiplier "
    "attn_temperature_len extrapolation_factor attn_factor beta_fast beta_slow scaling_factor mup_* embeddings_scale "
    "width_scale scale_qk_dot_by_d attention_bias_in_fp32 enable_expert_tensor_parallelism "
    "validate_runner_input pre_allocate_kv_cache enable_lm_head_fp32 pad_id class_num vit_*";
