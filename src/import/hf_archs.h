/* Architectures of the transformers library as data: what an architecture adds is a row. */
#ifndef ES_IMPORT_HF_ARCHS_H
#define ES_IMPORT_HF_ARCHS_H

#include <stddef.h>

/* How a word of layer_types, or an architecture without one, mixes tokens in layers that are not attention. */
typedef enum es_hf_mixer { ES_HF_NO_MIXER, ES_HF_GDN, ES_HF_MAMBA1, ES_HF_MAMBA2, ES_HF_CONV, ES_HF_RWKV7 } es_hf_mixer;

/* What a layer is where the file has no list of them: attention over everything every `period` layers. */
typedef enum es_hf_order {
    ES_HF_FULL,     /* attention over everything in every layer */
    ES_HF_SLIDING,  /* else a window */
    ES_HF_LATE,     /* a window from layer max_window_layers on, if use_sliding_window */
    ES_HF_OTHER,    /* else the mixer */
    ES_HF_PARALLEL, /* attention and the mixer side by side in every layer */
    ES_HF_LISTED    /* only lists say */
} es_hf_order;

enum { /* flags */
       ES_HF_EXPERTS = 1,
       ES_HF_MAY_BE_DENSE = 2, /* no experts are no fault */
       ES_HF_MLA = 4,
       ES_HF_WIDE = 8,      /* FFN of four times the hidden width where the file has none */
       ES_HF_HALF_FFN = 16, /* intermediate_size counts gate and up together */
       ES_HF_NO_FFN = 32,   /* layers are a mixer alone */
       ES_HF_SINGLE = 64,   /* a layer is a mixer or an FFN, never both */
       ES_HF_NO_ATTENTION = 128,
       ES_HF_GATED = 256, /* a matrix that gates the output of the attention */
       ES_HF_BOTH = 512   /* a dense FFN beside the experts */
};

typedef struct es_hf_arch {
    const char *types, *classes; /* of model_type and architectures, these without their ending; separated by blanks */
    const char *family, *act;
    int layers, hidden, intermediate, vocab, heads, kv_heads, head_dim, max_ctx; /* of the class; 0: None */
    unsigned flags;
    es_hf_order order;
    const char *period, *offset; /* field or number; offset defaults to the last of each period */
    es_hf_mixer mixer;
    const char *names;    /* usual=theirs|others: what the fields are called */
    const char *defaults; /* usual=number: what else the class has without being told */
    const char *row;      /* column=number, =field, =!field or =field?number:number */
} es_hf_arch;

extern const es_hf_arch es_hf_archs[];
extern const size_t es_hf_n_archs;

/* Fields that change no count: names, or with * at their start or end the rest of one; separated by blanks. */
extern const char es_hf_harmless[];

#endif
