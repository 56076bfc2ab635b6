/* Catalogs: every fault with its exact message, what a folder replaces or extends, and the content hash. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "catalog/csv_rows.h"
#include "catalog/embedded.h"
#include "catalog/file.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- a throw-away folder of catalogs ---- */

typedef struct folder {
    char path[64];
    char given[66]; /* with a plus before it */
} folder;

static folder folder_new(void) {
    folder f = {.path = "/tmp/edgesweep-catalog-XXXXXX"};
    cr_assert(mkdtemp(f.path) != NULL);
    snprintf(f.given, sizeof f.given, "+%s", f.path);
    return f;
}

static void put_bytes(const folder *f, const char *name, const void *bytes, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    FILE *stream = fopen(path, "wb");
    cr_assert(stream != NULL);
    cr_assert_eq(fwrite(bytes, 1, size, stream), size);
    cr_assert_eq(fclose(stream), 0);
}

static void put(const folder *f, const char *name, const char *text) { put_bytes(f, name, text, strlen(text)); }

static void drop(const folder *f, const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    if (unlink(path) != 0)
        rmdir(path);
}

static void folder_free(const folder *f) {
    for (int kind = 0; kind < ES_KINDS; kind++) {
        char name[64];
        snprintf(name, sizeof name, "%s.csv", es_fields((es_kind)kind)->name);
        drop(f, name);
    }
    rmdir(f->path);
}

static es_catalog load(const char *source) {
    es_catalog catalog;
    es_errors errors = {0};
    es_status status = es_catalog_load(&catalog, &source, source ? 1 : 0, &errors);
    cr_assert_eq(status, ES_OK, "%s", errors.error[0].text);
    cr_assert_eq(errors.n_errors, 0);
    return catalog;
}

static const es_row *find(const es_catalog *c, es_kind kind, const char *name) {
    return es_table_find(&c->table[kind], name, strlen(name));
}

/* All messages, a line each, without the folder's path. */
static char *messages(const es_errors *errors, const folder *f) {
    char *text = NULL;
    size_t size, prefix = strlen(f->path);
    FILE *stream = open_memstream(&text, &size);
    cr_assert(stream != NULL);
    for (unsigned i = 0; i < errors->n_errors && i < ES_MAX_ERRORS; i++) {
        const char *message = errors->error[i].text;
        bool inside = strncmp(message, f->path, prefix) == 0 && message[prefix] == '/';
        fprintf(stream, "%s\n", message + (inside ? prefix + 1 : 0));
    }
    fclose(stream);
    return text;
}

static void expect_messages(const folder *f, const char *source, es_status expected_status, const char *expected) {
    es_catalog catalog;
    es_errors errors = {0};
    es_status status = es_catalog_load(&catalog, &source, 1, &errors);
    char *text = messages(&errors, f);
    cr_expect_eq(status, expected_status, "status %d for %s", (int)status, expected);
    cr_expect_str_eq(text, expected);
    cr_expect(catalog.arena == NULL && catalog.table[ES_MODEL].rows == NULL, "a catalog that failed is empty");
    free(text);
    cr_expect_eq(es_catalog_load(&catalog, &source, 1, NULL), expected_status, "without messages: %s", expected);
}

/* ---- faults ---- */

#define MODELS "name,layers,hidden,intermediate,vocab\n"
#define DEVICES "name,aliases,peak_gflops_fp32,mem_bw_gbs\n"
#define TYPES "type,block_bytes,block_weights,fallback\n"
#define MIXTURES "file_type,base_type,role,condition,tensor_type\n"
#define CALIBRATION "phase,effect,key,value\n"
#define SCORES "model,metric,mode,shots,harness,value,source\n"
struct fault_case {
    const char *file, *text, *expected;
};

static void check_faults(const struct fault_case *cases, size_t n) {
    folder f = folder_new();
    for (size_t i = 0; i < n; i++) {
        put(&f, cases[i].file, cases[i].text);
        expect_messages(&f, f.given, ES_EUSAGE, cases[i].expected);
        drop(&f, cases[i].file);
    }
    folder_free(&f);
}

Test(catalog_faults, headers) {
    static const struct fault_case cases[] = {
        {"gguf_types.csv", "", "gguf_types.csv:1: no rows; expected a header and at least one row of gguf_types\n"},
        {"gguf_types.csv", "\xef\xbb\xbf",
         "gguf_types.csv:1: no rows; expected a header and at least one row of gguf_types\n"},
        {"devices.csv", DEVICES "\n   \n\r\n",
         "devices.csv:1: no rows; expected a header and at least one row of devices\n"},
        {"gguf_types.csv", "type,block_byte,block_weights,fallback\nQ,1,1,\n",
         "gguf_types.csv:1:6: unknown column: 'block_byte'; expected one of type, block_bytes, block_weights, "
         "fallback; "
         "did you mean 'block_bytes'?\n"
         "gguf_types.csv:1:39: missing column: 'block_bytes'; expected in the header (bytes of a block)\n"},
        {"gguf_types.csv", "type,block_bytes,block_weights,\"zzzz,zzzz\"\nQ,1,1,\n",
         "gguf_types.csv:1:32: unknown column: 'zzzz,zzzz'; expected one of type, block_bytes, block_weights, "
         "fallback\n"},
        {"models.csv", "name,layers,Hidden,hidden,intermediate,vocab\nA,1,1,1,1,1\n",
         "models.csv:1:13: unknown column: 'Hidden'; did you mean 'hidden'?\n"},
        {"gguf_types.csv", "type,block_bytes, type,block_weights\nQ,1,Q,1\n",
         "gguf_types.csv:1:19: duplicate column: 'type'; first used in column 1\n"},
        {"gguf_types.csv", "type,block_bytes,,block_weights\nQ,1,,1\n", "gguf_types.csv:1:18: column without a name\n"},
        {"gguf_types.csv", "type,fallback\nQ,\n",
         "gguf_types.csv:1:14: missing column: 'block_bytes'; expected in the header (bytes of a block)\n"
         "gguf_types.csv:1:14: missing column: 'block_weights'; expected in the header (weights in a block)\n"},
        {"devices.csv", "name,mem_bw_gbs\r\nA,1\r\n",
         "devices.csv:1:16: missing column: 'peak_gflops_fp32'; expected in the header (peak rate, 32-bit floats)\n"},
    };
    check_faults(cases, LENGTH(cases));
}

Test(catalog_faults, shape_of_rows) {
    static const struct fault_case cases[] = {
        {"gguf_types.csv", TYPES "Q,1,1\n",
         "gguf_types.csv:2:6: wrong number of cells: '3'; expected 4, as in the header\n"},
        {"gguf_types.csv", TYPES "Q,1,1,,5,6\nR,2,2\n\nS,3,3",
         "gguf_types.csv:2:8: wrong number of cells: '6'; expected 4, as in the header\n"
         "gguf_types.csv:3:6: wrong number of cells: '3'; expected 4, as in the header\n"
         "gguf_types.csv:5:6: wrong number of cells: '3'; expected 4, as in the header\n"},
        {"gguf_types.csv", TYPES "\"Q,1,1,\nR,1,1,\n",
         "gguf_types.csv:2:1: quote is never closed: '\"Q,1,1,\\x0aR,1,1,\\x0a'; expected '\"' before the end of the "
         "file\n"},
        {"gguf_types.csv", TYPES "\"Q\n\",1,1,\"x",
         "gguf_types.csv:3:7: quote is never closed: '\"x'; expected '\"' before the end of the file\n"},
        {"gguf_types.csv", TYPES "\"Q\"z,1,1,\nR,\"1\" 2,1,\nS,1,x,\n",
         "gguf_types.csv:2:4: text behind a closing quote: 'z'; expected ',' or the end of the line\n"
         "gguf_types.csv:3:7: text behind a closing quote: '2'; expected ',' or the end of the line\n"
         "gguf_types.csv:4:5: block_weights: not a number: 'x'; expected a whole number from 1 to 1000000\n"},
        {"gguf_types.csv", TYPES "Q,1,1,4\"z\"\n",
         "gguf_types.csv:2:8: quote inside an unquoted cell: '\"z\"'; expected quotes around the whole cell\n"},
        {"gguf_types.csv", TYPES "\"Q\nR\"z,1,1,\n",
         "gguf_types.csv:3:3: text behind the closing quote of the cell that starts on line 2: 'z'; expected ','\n"},
        {"devices.csv", DEVICES "A,,1,1\rB,,1,1\r",
         "devices.csv:2:7: carriage return inside a line; expected LF or CRLF at its end\n"},
        {"devices.csv", DEVICES "A,,1,1\r\"B\n\",,1,1\n",
         "devices.csv:2:7: carriage return inside a line; expected LF or CRLF at its end\n"},
        {"devices.csv", DEVICES "A,,1,1\r\"B\" x,,1,1\n",
         "devices.csv:2:7: carriage return inside a line; expected LF or CRLF at its end\n"},
    };
    check_faults(cases, LENGTH(cases));
}

Test(catalog_faults, values) {
    static const struct fault_case cases[] = {
        {"models.csv", MODELS "A,1x,1,1,1\nB,,0x10,1e,nan\nC,inf,1.2.3,1e999,\"\"\"1\"\"\"\n",
         "models.csv:2:3: layers: not a number: '1x'; expected a whole number from 1 to 1000000\n"
         "models.csv:3:3: layers: empty cell: ''; expected a whole number from 1 to 1000000\n"
         "models.csv:3:4: hidden: not a number: '0x10'; expected a whole number from 1 to 1000000000\n"
         "models.csv:3:9: intermediate: not a number: '1e'; expected a whole number from 0 to 1000000000\n"
         "models.csv:3:12: vocab: not a finite number: 'nan'; expected a whole number from 1 to 1000000000\n"
         "models.csv:4:3: layers: not a finite number: 'inf'; expected a whole number from 1 to 1000000\n"
         "models.csv:4:7: hidden: not a number: '1.2.3'; expected a whole number from 1 to 1000000000\n"
         "models.csv:4:13: intermediate: number too large: '1e999'; expected a whole number from 0 to 1000000000\n"
         "models.csv:4:19: vocab: not a number: '\"1\"'; expected a whole number from 1 to 1000000000\n"},
        {"models.csv", MODELS "A,0,-1,1.5,1e12\n",
         "models.csv:2:3: layers: out of range: '0'; expected a whole number from 1 to 1000000\n"
         "models.csv:2:5: hidden: out of range: '-1'; expected a whole number from 1 to 1000000000\n"
         "models.csv:2:8: intermediate: not a whole number: '1.5'; expected a whole number from 0 to 1000000000\n"
         "models.csv:2:12: vocab: out of range: '1e12'; expected a whole number from 1 to 1000000000\n"},
        {"devices.csv", "name,note,peak_gflops_fp32,mem_bw_gbs,mem_util,idle_w\n\"A\",\"two\nlines\",-5,0,1.5,-1\n",
         "devices.csv:3:8: peak_gflops_fp32: out of range: '-5'; expected a number above 0 (GFLOP/s)\n"
         "devices.csv:3:11: mem_bw_gbs: out of range: '0'; expected a number above 0 (GB/s)\n"
         "devices.csv:3:13: mem_util: out of range: '1.5'; expected a number above 0 and at most 1\n"
         "devices.csv:3:17: idle_w: out of range: '-1'; expected a number from 0 to 1000000 (W)\n"},
        {"models.csv",
         "name,layers,hidden,intermediate,vocab,norm,tied_embeddings\nA,1,1,1,1,rmss,2\nB,1,1,1,1,x,0.5\n",
         "models.csv:2:11: unknown norm: 'rmss'; expected one of rms, ln, ln_np, none; did you mean 'rms'?\n"
         "models.csv:2:16: tied_embeddings: out of range: '2'; expected 0 or 1\n"
         "models.csv:3:11: unknown norm: 'x'; expected one of rms, ln, ln_np, none\n"
         "models.csv:3:13: tied_embeddings: not a whole number: '0.5'; expected 0 or 1\n"},
        {"precisions.csv", "name,kind,compute\nA,ggfu,int4\n",
         "precisions.csv:2:3: unknown kind: 'ggfu'; expected one of float, uniform, gguf; did you mean 'gguf'?\n"
         "precisions.csv:2:8: unknown compute: 'int4'; expected one of fp32, fp16, int8; did you mean 'int8'?\n"},
        {"scores.csv", SCORES ",MMLU,instruct,5,x,-1,s\nA,MMLU,,5,x,101,\nA,MMLU,chat,5,,1,s\n",
         "scores.csv:2:1: model: empty cell: ''; expected text\n"
         "scores.csv:2:20: value: out of range: '-1'; expected a number from 0 to 100 (%)\n"
         "scores.csv:3:8: mode: empty cell: ''; expected one of base, instruct, thinking\n"
         "scores.csv:3:13: value: out of range: '101'; expected a number from 0 to 100 (%)\n"
         "scores.csv:3:17: source: empty cell: ''; expected text\n"
         "scores.csv:4:8: unknown mode: 'chat'; expected one of base, instruct, thinking\n"
         "scores.csv:4:15: harness: empty cell: ''; expected text\n"},
        {"quality.csv", "model,precision,metric,value\nA,,MMLU,1\n",
         "quality.csv: is read no more; expected scores.csv (its rows without a precision: model,metric,mode,shots,"
         "harness,value,chance,source) and losses.csv (its rows of dlnppl: model,file_type,imatrix,dlnppl,source)\n"},
        {"calibration.csv", CALIBRATION "decode,kind,,x\n",
         "calibration.csv:2:13: key: empty cell: ''; expected text\n"
         "calibration.csv:2:14: value: not a number: 'x'; expected a number of at least -1e+18\n"},
    };
    check_faults(cases, LENGTH(cases));
}

Test(catalog_faults, names) {
    static const struct fault_case cases[] = {
        {"devices.csv", DEVICES "Aa,,1,1\nB,,1,1\naA,,1,1\n",
         "devices.csv:4:1: duplicate name: 'aA'; first used on line 2\n"},
        {"devices.csv", DEVICES "A,X;Y,1,1\nB,y,1,1\nX,,1,1\nC,a,1,1\n",
         "devices.csv:3:3: duplicate alias: 'y'; first used on line 2\n"
         "devices.csv:4:1: duplicate name: 'X'; first used on line 2\n"
         "devices.csv:5:3: duplicate alias: 'a'; first used on line 2\n"},
        {"devices.csv", DEVICES "A,a,1,1\nB,C;c,1,1\n",
         "devices.csv:2:3: duplicate alias: 'a'; first used on line 2\n"
         "devices.csv:3:3: duplicate alias: 'c'; first used on line 3\n"},
        {"devices.csv", DEVICES "A,X;;Y,1,1\nB,;,1,1\n",
         "devices.csv:2:3: empty alias: 'X;;Y'; expected names separated by ;\n"
         "devices.csv:3:3: empty alias: ';'; expected names separated by ;\n"
         "devices.csv:3:3: empty alias: ';'; expected names separated by ;\n"},
        {"devices.csv", DEVICES ",,1,1\n\"  \",,1,1\n",
         "devices.csv:2:1: name: empty cell: ''; expected text\n"
         "devices.csv:3:1: name: empty cell: ''; expected text\n"},
        {"devices.csv", DEVICES "A,,1,1\n\"B\tC\",,1,1\n\"D\nE\",,1,1\nF\x7f,,1,1\nG,\"x\x1b[0m\",1,1\n",
         "devices.csv:3:1: name: control character: 'B\\x09C'; expected printable text\n"
         "devices.csv:4:1: name: control character: 'D\\x0aE'; expected printable text\n"
         "devices.csv:6:1: name: control character: 'F\\x7f'; expected printable text\n"
         "devices.csv:7:3: aliases: control character: 'x\\x1b[0m'; expected printable text\n"},
        {"devices.csv",
         "name,peak_gflops_fp32,mem_bw_gbs,host_unit\nA,1,1,zne3*6@4\nB,1,1,zen3*x@4\nC,1,1,zen3*6@4+gracemont*8@3\n",
         "devices.csv:2:1: host_unit: unknown unit: 'zne3'; expected one of units.csv; did you mean 'zen3'?\n"
         "devices.csv:3:1: host_unit: not unit*count@GHz: 'zen3*x@4'; expected terms like cortex-a76*4@2.4, joined by "
         "+\n"},
        {"calibration.csv", CALIBRATION "class,mem_util,sbc,0.5\nCLASS,mem_util,SBC,0.6\n",
         "calibration.csv:3:1: duplicate row: 'CLASS, mem_util, SBC'; first used on line 2\n"},
        {"scores.csv", SCORES "A,MMLU,base,5,x,1,s\nA,MMLU,base,0,x,1,s\na,mmlu,base,5,X,2,t\n",
         "scores.csv:4:1: duplicate row: 'a, mmlu, base, X, 5'; first used on line 2\n"},
        {"gguf_types.csv", TYPES "Q,1,1,\nq,1,1,\n", "gguf_types.csv:3:1: duplicate row: 'q'; first used on line 2\n"},
        {"gguf_types.csv", TYPES "Q,1,1,Q9\n",
         "gguf_types.csv:2:1: fallback: unknown tensor type: 'Q9'; expected a type of gguf_types.csv\n"},
        {"gguf_mixtures.csv", MIXTURES "A,Q4_K,*,otherwise,Q9\nA,Q5_K,output,always,Q5_K\n",
         "gguf_mixtures.csv:2:1: tensor_type: unknown tensor type: 'Q9'; expected a type of gguf_types.csv\n"
         "gguf_mixtures.csv:3:1: base_type: differs within file type A: 'Q5_K'; expected 'Q4_K'\n"},
        {"gguf_mixtures.csv", MIXTURES "A,Q4_K,*,otherwise,Q4_K\nA,Q4_K,*,otherwise,Q5_K\n",
         "gguf_mixtures.csv:3:1: duplicate row: 'A, *, , otherwise'; first used on line 2\n"},
    };
    check_faults(cases, LENGTH(cases));
}

#define PATTERNS "name,layers,hidden,intermediate,vocab,first_dense_layers,layer_pattern\n"
#define LAYERS "model,kind,mixer,ffn,ranks\n"

Test(catalog_faults, layers) {
    static const struct fault_case cases[] = {
        {"models.csv",
         PATTERNS "A,8,1,1,1,,(a*3 b)*3\nB,8,1,1,1,,(a*3 b*2\nC,8,1,1,1,,a*0 b\nD,8,1,1,1,,a*8)\nE,8,1,1,1,1,a*8\n"
                  "F,8,1,1,1,,a*8b\nG,8,1,1,1,,()*8\nH,8,1,1,1,,(a*1000)*2000\n",
         "models.csv:2:12: layer_pattern: 12 layers: '(a*3 b)*3'; expected 8, as in layers\n"
         "models.csv:3:20: layer_pattern: ''; expected ')'\n"
         "models.csv:4:14: layer_pattern: '0 b'; expected a count from 1 to 1000000\n"
         "models.csv:5:15: layer_pattern: ')'; expected '(' before it\n"
         "models.csv:6:11: first_dense_layers: '1'; expected 0 or nothing beside layer_pattern\n"
         "models.csv:7:15: layer_pattern: 'b'; expected a blank, '*' or the end\n"
         "models.csv:8:13: layer_pattern: ')*8'; expected a kind or '('\n"
         "models.csv:9:25: layer_pattern: ''; expected at most 1000000 layers\n"},
        {"models.csv", PATTERNS "LFM2-350M,4,1,1,1,,c aa*3\n",
         "models.csv:2:22: layer_pattern: unknown kind: 'aa'; expected a kind that layers.csv has for 'LFM2-350M'; "
         "did you mean 'a'?\n"},
        {"layers.csv", LAYERS "LFM2-350M,x,atention,,\nLFM2-350M,y,rwkv7,dnse,1;2\nLFM2-350M,z,mamba1+conv,,\n",
         "layers.csv:2:13: mixer: unknown mixer: 'atention'; expected attention, mla, gdn, mamba1, mamba2, rwkv7, "
         "conv, linear, none; joined by + when parallel [attention; mla]\n"
         "layers.csv:3:19: ffn: unknown feed-forward kind: 'dnse'; expected dense, moe, dense+moe, channel_mix, none "
         "[moe with more than one expert, else dense]\n"
         "layers.csv:3:24: ranks: ranks that the mixer does not have: '1;2'; expected mamba1: dt; rwkv7: "
         "decay;iclr;value;gate\n"
         "layers.csv:4:26: ranks: ranks that the mixer does not have: ''; expected mamba1: dt; rwkv7: "
         "decay;iclr;value;gate\n"},
        {"layers.csv", LAYERS "Nobody,x,,,\n", "layers.csv:2:1: unknown model: 'Nobody'; expected one of models.csv\n"},
        {"layers.csv", LAYERS "LFM2-350M,x,,,\nlfm2-350m,X,,,\n",
         "layers.csv:3:1: duplicate row: 'lfm2-350m, X'; first used on line 2\n"},
    };
    check_faults(cases, LENGTH(cases));
}

Test(catalog_faults, bytes) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *expected;
    } cases[] = {
        {DEVICES "A\0B,,1,1\n", sizeof DEVICES - 1 + 9, "devices.csv:2:2: NUL byte; expected a text file\n"},
        {"\x7f"
         "ELF\2\1\1\0\0\0",
         10, "devices.csv:1:8: NUL byte; expected a text file\n"},
        {DEVICES "A,,1,1\nB\xff,,1,1\n", sizeof DEVICES - 1 + 16,
         "devices.csv:3:2: invalid UTF-8: '\\xff'; expected UTF-8 text\n"},
        {"name\xc3", 5, "devices.csv:1:5: invalid UTF-8: '\\xc3'; expected UTF-8 text\n"},
        {"\xff\xfen\0a\0", 6, "devices.csv:1:1: UTF-16 text; expected UTF-8\n"},
    };
    folder f = folder_new();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        put_bytes(&f, "devices.csv", cases[i].bytes, cases[i].size);
        expect_messages(&f, f.given, ES_EUSAGE, cases[i].expected);
    }
    folder_free(&f);
}

static void put_repeated(const folder *f, const char *start, const char *piece, size_t n, const char *end) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(stream != NULL);
    fputs(start, stream);
    for (size_t i = 0; i < n; i++)
        fputs(piece, stream);
    fputs(end, stream);
    fclose(stream);
    put_bytes(f, "devices.csv", text, size);
    free(text);
}

Test(catalog_faults, limits) {
    folder f = folder_new();
    put_repeated(&f, DEVICES "A,,1,", "1", ES_CSV_MAX_LINE, "\n");
    expect_messages(&f, f.given, ES_EUSAGE,
                    "devices.csv:2:1: line of more than 1048576 bytes; expected a shorter one\n");
    put_repeated(&f, DEVICES "B,,1,1\n\"A\n", "0123456789\n", ES_CSV_MAX_LINE / 10, "");
    expect_messages(&f, f.given, ES_EUSAGE,
                    "devices.csv:3:1: row of more than 1048576 bytes; expected a shorter one, is a quote never "
                    "closed?\n");
    put_repeated(&f, "x_", ",x_", ES_CSV_MAX_CELLS, "\n");
    expect_messages(&f, f.given, ES_EUSAGE, "devices.csv:1:12289: row of 4097 cells; expected at most 4096\n");
    put(&f, "devices.csv", "");
    char path[128];
    snprintf(path, sizeof path, "%s/devices.csv", f.path);
    cr_assert_eq(truncate(path, (off_t)ES_CATALOG_MAX_FILE + 1), 0);
    expect_messages(&f, f.given, ES_EUSAGE, "devices.csv: file of 268435457 bytes; expected at most 268435456\n");
    folder_free(&f);
}

Test(catalog_faults, keeps_twenty_and_counts_all) {
    folder f = folder_new();
    put_repeated(&f, DEVICES, ",,-1,1\n", 23, "");
    const char *source = f.given;
    es_catalog catalog;
    es_errors errors = {0};
    cr_expect_eq(es_catalog_load(&catalog, &source, 1, &errors), ES_EUSAGE);
    cr_expect_eq(errors.n_errors, 46);
    cr_expect(strstr(errors.error[19].text, "devices.csv:11:3: peak_gflops_fp32: out of range: '-1'") != NULL, "%s",
              errors.error[19].text);
    folder_free(&f);
}

Test(catalog_faults, every_file_is_reported) {
    folder f = folder_new();
    put(&f, "devices.csv", DEVICES "A,,x,1\n");
    put(&f, "models.csv", MODELS "A,x,1,1,1\n");
    expect_messages(&f, f.given, ES_EUSAGE,
                    "models.csv:2:3: layers: not a number: 'x'; expected a whole number from 1 to 1000000\n"
                    "devices.csv:2:4: peak_gflops_fp32: not a number: 'x'; expected a number above 0 (GFLOP/s)\n");
    folder_free(&f);
}

Test(catalog_faults, folders) {
    folder f = folder_new();
    char expected[512], path[128], plus_path[130];
    expect_messages(
        &f, f.path, ES_EUSAGE,
        "models.csv: no such file; expected in a folder that replaces the catalogs (+FOLDER extends them)\n"
        "devices.csv: no such file; expected in a folder that replaces the catalogs (+FOLDER extends them)\n"
        "precisions.csv: no such file; expected in a folder that replaces the catalogs (+FOLDER extends "
        "them)\n");
    snprintf(
        expected, sizeof expected,
        "no catalog in the folder: '%s'; expected at least one of models.csv, devices.csv, precisions.csv, units.csv, "
        "runtimes.csv, products.csv, calibration.csv, scores.csv, estimates.csv, losses.csv, distortions.csv, "
        "gguf_types.csv, "
        "gguf_mixtures.csv, layers.csv, "
        "runtimes_memory.csv, kernel_generations.csv, repacked_types.csv, power.csv, drafts.csv\n",
        f.path);
    expect_messages(&f, f.given, ES_EUSAGE, expected);
    snprintf(path, sizeof path, "%s/models.csv", f.path);
    snprintf(plus_path, sizeof plus_path, "+%s", path);
    snprintf(expected, sizeof expected, "catalog folder cannot be opened: '%s': No such file or directory\n", path);
    expect_messages(&f, path, ES_EUSAGE, expected);
    expect_messages(&f, plus_path, ES_EUSAGE, expected);
    expect_messages(&f, "+", ES_EUSAGE, "catalog folder without a name; expected FOLDER or +FOLDER\n");
    expect_messages(&f, "", ES_EUSAGE, "catalog folder without a name; expected FOLDER or +FOLDER\n");
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_messages(&f, f.given, ES_EUSAGE, "models.csv: is a folder; expected a CSV file\n");
    cr_assert_eq(rmdir(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_messages(&f, f.given, ES_EUSAGE, "models.csv: is not a regular file; expected a CSV file\n");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink(path, path), 0);
    expect_messages(&f, f.given, ES_EUSAGE, "models.csv: cannot be opened: Too many levels of symbolic links\n");
    cr_assert_eq(unlink(path), 0);
    put(&f, "models.csv", MODELS "A,1,1,1,1\n");
    snprintf(expected, sizeof expected, "catalog is not a folder: '%s'; expected a folder of CSV files\n", path);
    expect_messages(&f, path, ES_EUSAGE, expected);
    folder_free(&f);
}

/* ---- what rows become ---- */

Test(catalog, embedded_files_load) {
    es_catalog c = load(NULL);
    for (int kind = 0; kind < ES_KINDS; kind++) {
        const es_table *table = &c.table[kind];
        cr_expect_gt(table->n_rows, 0, "%s", es_fields((es_kind)kind)->name);
        char file[64];
        snprintf(file, sizeof file, "(built-in) %s.csv", es_fields((es_kind)kind)->name);
        cr_expect_str_eq(table->rows[0].origin.file, file);
        for (size_t i = 0; i < table->n_rows; i++) {
            const es_row *row = &table->rows[i];
            if (row->name[0])
                cr_expect(es_table_find(table, row->name, strlen(row->name)) == row, "%s", row->name);
            for (const char *const *alias = row->aliases; *alias; alias++)
                cr_expect(es_table_find(table, *alias, strlen(*alias)) == row, "%s", *alias);
        }
    }
    cr_expect(find(&c, ES_MODEL, "ep-tinyllama-1b") != NULL);
    cr_expect(find(&c, ES_DEVICE, "EP raspberry pi 4") != NULL);
    cr_expect(find(&c, ES_PRECISION, "q4_k_m") != NULL);
    cr_expect(find(&c, ES_GGUF_TYPE, "q4_k") != NULL);
    cr_expect(find(&c, ES_MODEL, "no such model") == NULL && find(&c, ES_MODEL, "") == NULL);
    es_catalog again = load(NULL);
    cr_expect_eq(c.hash, again.hash);
    es_catalog_free(&c);
    es_catalog_free(&again);
}

/* Built-in rows were split when the program was built and are not checked again: here the loader of files does it. */
Test(catalog, built_in_rows_are_those_of_the_files) {
    es_catalog built_in = load(NULL), files = load("sweeps/catalog");
    cr_expect_eq(built_in.hash, files.hash);
    for (int kind = 0; kind < ES_KINDS; kind++) {
        const es_field_table *fields = es_fields((es_kind)kind);
        const es_table *table = &built_in.table[kind];
        cr_assert_eq(table->n_rows, files.table[kind].n_rows, "%s", fields->name);
        for (size_t i = 0; i < table->n_rows; i++) {
            const es_row *a = &table->rows[i], *b = &files.table[kind].rows[i];
            cr_assert_str_eq(a->name, b->name);
            cr_assert(a->origin.line == b->origin.line && a->origin.column == b->origin.column, "%s: %s", fields->name,
                      a->name);
            for (size_t f = 0; f < fields->n_fields; f++) {
                cr_assert_str_eq(a->text[f], b->text[f], "%s:%llu: %s", fields->name,
                                 (unsigned long long)b->origin.line, fields->fields[f].name);
                cr_assert(memcmp(&a->value[f], &b->value[f], sizeof *a->value) == 0, "%s:%llu: %s", fields->name,
                          (unsigned long long)b->origin.line, fields->fields[f].name);
            }
            size_t n = 0;
            for (; a->aliases[n] && b->aliases[n]; n++)
                cr_assert_str_eq(a->aliases[n], b->aliases[n]);
            cr_assert(!a->aliases[n] && !b->aliases[n]);
        }
    }
    es_catalog_free(&built_in);
    es_catalog_free(&files);
}

Test(catalog, defaults_and_values) {
    folder f = folder_new();
    put(&f, "models.csv",
        "\xef\xbb\xbfx_mine,vocab,family,name,layers,hidden, intermediate ,norm,aliases,params_published\r\n"
        "junk,1e3,PHI3,\" Tiny \",\"2\", 64 ,0,LN,  T1 ; T 2  ,1.5e6\r\n"
        "\r\n"
        ",7.0,mamba,Other,+3,8,0,,,\r\n");
    put(&f, "devices.csv",
        "mem_bw_gbs,peak_gflops_fp32,name,note,class,os_reserved_gb\n"
        ",,Bare,\"a \"\"note\"\",\nof two lines\",Mcu,-0\n8.5,1,Full,,sbc,");
    es_catalog c = load(f.given);
    const es_row *tiny = find(&c, ES_MODEL, "t 2"), *other = find(&c, ES_MODEL, "OTHER");
    cr_assert(tiny != NULL && other != NULL);
    cr_expect_str_eq(tiny->name, "Tiny");
    cr_expect_str_eq(tiny->aliases[0], "T1");
    cr_expect(tiny->aliases[2] == NULL && other->aliases[0] == NULL);
    cr_expect_eq(tiny->value[ES_M_VOCAB], 1000);
    cr_expect_str_eq(tiny->text[ES_M_VOCAB], "1e3");
    cr_expect_eq(tiny->value[ES_M_LAYERS], 2);
    cr_expect_eq(tiny->value[ES_M_HIDDEN], 64);
    cr_expect_eq(tiny->value[ES_M_NORM], ES_NORM_LN);
    cr_expect_eq(tiny->value[ES_M_PARAMS_PUBLISHED], 1.5e6);
    cr_expect(isnan(tiny->value[ES_M_NAME]) && isnan(tiny->value[ES_M_KV_HEADS]));
    cr_expect_eq(tiny->value[ES_M_HEADS], 1);
    cr_expect_eq(tiny->value[ES_M_FFN_MATRICES], 2);
    cr_expect_str_eq(tiny->text[ES_M_HEADS], "");
    cr_expect(tiny->origin.line == 2 && other->origin.line == 4);
    cr_expect(strstr(tiny->origin.file, f.path) == tiny->origin.file);
    cr_expect_str_eq(other->text[ES_M_FAMILY], "mamba");
    cr_expect_eq(other->value[ES_M_NORM], ES_NORM_RMS);
    cr_expect_eq(other->value[ES_M_LAYERS], 3);
    const es_row *bare = find(&c, ES_DEVICE, "bare"), *full = find(&c, ES_DEVICE, "full");
    cr_assert(bare != NULL && full != NULL);
    cr_expect(isnan(bare->value[ES_D_PEAK_FP32]) && isnan(bare->value[ES_D_RAM_GB]));
    cr_expect_eq(bare->value[ES_D_COMPUTE_UTIL], 0.7);
    cr_expect_eq(bare->value[ES_D_CLASS], ES_CLASS_MCU);
    cr_expect_eq(full->value[ES_D_CLASS], ES_CLASS_SBC);
    cr_expect_str_eq(full->text[ES_D_CLASS], "sbc");
    cr_expect_not(signbit(bare->value[ES_D_OS_RESERVED_GB]), "no negative zero");
    cr_expect_str_eq(bare->text[ES_D_NOTE], "a \"note\",\nof two lines");
    cr_expect_eq(full->origin.line, 4);
    es_catalog_free(&c);
    folder_free(&f);
}

/* ---- replacing and extending ---- */

Test(catalog, replacing_keeps_only_the_gguf_tables) {
    es_catalog built_in = load(NULL);
    folder f = folder_new();
    put(&f, "models.csv", MODELS "A,1,1,1,1\n");
    put(&f, "devices.csv", DEVICES "Raspberry Pi 5,Pi,1,1\n");
    put(&f, "precisions.csv", "name\nFP32\n");
    es_catalog c = load(f.path);
    static const size_t rows[] = {1, 1, 1, 0, 1 /* default */, 0, 0};
    for (int kind = 0; kind < (int)LENGTH(rows); kind++)
        cr_expect_eq(c.table[kind].n_rows, rows[kind], "%s", es_fields((es_kind)kind)->name);
    cr_expect_eq(c.table[ES_GGUF_TYPE].n_rows, built_in.table[ES_GGUF_TYPE].n_rows);
    cr_expect_eq(c.table[ES_GGUF_MIXTURE].n_rows, built_in.table[ES_GGUF_MIXTURE].n_rows);
    cr_expect(find(&c, ES_MODEL, "EP-TinyLlama-1B") == NULL);
    es_catalog_free(&c);

    put(&f, "gguf_types.csv", TYPES "Q,1,1,\n");
    put(&f, "gguf_mixtures.csv", MIXTURES "M,Q,*,otherwise,Q\n");
    put(&f, "calibration.csv", CALIBRATION "class,mem_util,sbc,0.5\n");
    c = load(f.path);
    cr_expect_eq(c.table[ES_GGUF_TYPE].n_rows, 1);
    cr_expect_eq(c.table[ES_GGUF_MIXTURE].n_rows, 1);
    cr_expect_eq(c.table[ES_CALIBRATION].n_rows, 1);
    es_catalog_free(&c);
    es_catalog_free(&built_in);
    folder_free(&f);
}

static void put_base(const folder *f) {
    put(f, "models.csv", MODELS "A,1,1,1,1\n");
    put(f, "devices.csv", DEVICES "One,uno;eins,1,1\nTwo,dos,2,2\nThree,tres,3,3\n");
    put(f, "precisions.csv", "name\nFP32\n");
    put(f, "calibration.csv", CALIBRATION "decode,type,Q5_0,0.1\ndecode,type,Q4_K,0.2\n");
    put(f, "scores.csv", SCORES "A,MMLU,base,5,x,10,s\nA,MMLU,instruct,5,x,11,s\n");
    put(f, "gguf_types.csv", TYPES "Q,1,1,\nR,2,1,Q\n");
    put(f, "gguf_mixtures.csv",
        MIXTURES "M,Q,output,always,R\nM,Q,*,otherwise,Q\nN,R,*,otherwise,R\nO,Q,*,otherwise,Q\n");
}

static es_catalog load_two(const char *first, const char *second) {
    const char *sources[] = {first, second};
    es_catalog catalog;
    es_errors errors = {0};
    cr_assert_eq(es_catalog_load(&catalog, sources, 2, &errors), ES_OK, "%s", errors.error[0].text);
    return catalog;
}

Test(catalog, extending_overrides_by_name) {
    folder base = folder_new(), more = folder_new();
    put_base(&base);
    put(&more, "devices.csv", DEVICES "Four,EINS,4,4\nTWO,zwei,22,22\ntres,,5,5\n");
    es_catalog c = load_two(base.path, more.given);
    const es_table *devices = &c.table[ES_DEVICE];
    static const char *const names[] = {"One", "TWO", "Three", "Four", "tres"};
    cr_assert_eq(devices->n_rows, LENGTH(names));
    for (size_t i = 0; i < LENGTH(names); i++)
        cr_expect_str_eq(devices->rows[i].name, names[i]);
    cr_expect_eq(devices->rows[1].value[ES_D_MEM_BW], 22);
    cr_expect(find(&c, ES_DEVICE, "two") == &devices->rows[1] && find(&c, ES_DEVICE, "zwei") == &devices->rows[1]);
    cr_expect(find(&c, ES_DEVICE, "dos") == NULL, "the whole row is replaced");
    cr_expect(find(&c, ES_DEVICE, "eins") == &devices->rows[3] && find(&c, ES_DEVICE, "uno") == &devices->rows[0]);
    cr_expect_str_eq(devices->rows[0].aliases[0], "uno");
    cr_expect(devices->rows[0].aliases[1] == NULL, "the new row took this alias");
    cr_expect(find(&c, ES_DEVICE, "tres") == &devices->rows[4] && devices->rows[2].aliases[0] == NULL);
    cr_expect_eq(c.table[ES_MODEL].n_rows, 1);
    es_catalog_free(&c);

    put(&more, "devices.csv", DEVICES "Four,one,4,4\nTwo,x,2,2\n");
    es_errors errors = {0};
    const char *sources[] = {base.path, more.given};
    cr_expect_eq(es_catalog_load(&c, sources, 2, &errors), ES_EUSAGE);
    char expected[512];
    snprintf(expected, sizeof expected,
             "%s/devices.csv:2:6: alias is the name of another row: 'one'; expected a new one (%s/devices.csv:2 has "
             "that name)",
             more.path, base.path);
    cr_expect_eq(errors.n_errors, 1);
    cr_expect_str_eq(errors.error[0].text, expected);
    folder_free(&base);
    folder_free(&more);
}

Test(catalog, extending_tables_without_names) {
    folder base = folder_new(), more = folder_new();
    put_base(&base);
    put(&more, "calibration.csv", CALIBRATION "DECODE,type,q4_k,0.3\nprefill,type,Q4_K,0.4\n");
    put(&more, "scores.csv", SCORES "a,mmlu,base,5,X,20,s\nA,MMLU,base,0,x,9,s\n");
    put(&more, "gguf_types.csv", TYPES "S,4,1,\nr,3,1,S\n");
    put(&more, "gguf_mixtures.csv", MIXTURES "P,S,*,otherwise,S\nm,S,*,otherwise,R\n");
    es_catalog c = load_two(base.path, more.given);
    static const struct {
        es_kind kind;
        int field;
        const char *texts; /* of that field, row by row */
    } cases[] = {
        {ES_CALIBRATION, ES_C_VALUE, "0.1 0.3 0.4"},
        {ES_SCORE, ES_S_VALUE, "20 11 9"},
        {ES_GGUF_TYPE, ES_T_TYPE, "Q r S"},
        {ES_GGUF_MIXTURE, ES_X_FILE_TYPE, "N O P m"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char texts[128] = "";
        const es_table *table = &c.table[cases[i].kind];
        for (size_t row = 0; row < table->n_rows; row++) {
            strcat(texts, row > 0 ? " " : "");
            strcat(texts, table->rows[row].text[cases[i].field]);
        }
        cr_expect_str_eq(texts, cases[i].texts);
    }
    cr_expect_eq(find(&c, ES_GGUF_TYPE, "R")->value[ES_T_BLOCK_BYTES], 3);
    es_catalog_free(&c);
    folder_free(&base);
    folder_free(&more);
}

/* Enough rows to make the index and the rows grow several times. */
Test(catalog, many_rows) {
    enum { ROWS = 20000 };
    folder f = folder_new();
    char path[128];
    snprintf(path, sizeof path, "%s/devices.csv", f.path);
    FILE *stream = fopen(path, "w");
    cr_assert(stream != NULL);
    fputs(DEVICES, stream);
    for (int i = 0; i < ROWS; i++)
        fprintf(stream, "Device %d,d%d;board %d,%d,1\n", i, i, i, i + 1);
    cr_assert_eq(fclose(stream), 0);
    es_catalog c = load(f.given);
    for (int i = 0; i < ROWS; i += 7) {
        char name[32];
        snprintf(name, sizeof name, i & 1 ? "BOARD %d" : "device %d", i);
        const es_row *row = find(&c, ES_DEVICE, name);
        cr_assert(row != NULL && row->value[ES_D_PEAK_FP32] == i + 1, "%s", name);
    }
    es_catalog_free(&c);
    folder_free(&f);
}

/* ---- hash ---- */

static uint64_t hash_with(const char *file, const char *text) {
    folder f = folder_new();
    put_base(&f);
    put(&f, file, text);
    es_catalog c = load(f.path);
    uint64_t hash = c.hash;
    es_catalog_free(&c);
    folder_free(&f);
    return hash;
}

#define DEVICE_COLUMNS "name,class,peak_gflops_fp32,mem_bw_gbs,storage_bw_mbs"

Test(catalog, hash_sees_contents_only) {
    static const struct {
        const char *file, *text;
        bool same; /* as the first case of its file */
    } cases[] = {
        {"models.csv", MODELS "A,1,1000,2,3\n", true},
        {"models.csv", "vocab,name,hidden,layers,intermediate\n3.0,A,1e3,+1,\"2\"\n", true},
        {"models.csv",
         "\xef\xbb\xbfname,layers,hidden,intermediate,vocab,source,note,aliases,x_a\r\nA,1,1000,2,3,s,n,B,x\r\n", true},
        {"models.csv",
         "name,layers,hidden,intermediate,vocab,heads,kv_heads,norm,params_source\nA,1,1000,2,3,1,,RMS,p\n", true},
        {"models.csv", MODELS "a,1,1000,2,3\n", false},
        {"models.csv", MODELS "A,1,1000,2,4\n", false},
        {"models.csv", MODELS "A,1,1000,2,3\nB,1,1000,2,3\n", false},
        {"models.csv", MODELS "B,1,1000,2,3\nA,1,1000,2,3\n", false},
        {"models.csv", "name,layers,hidden,intermediate,vocab,kv_heads\nA,1,1000,2,3,1\n", false},
        {"models.csv", "name,layers,hidden,intermediate,vocab,family\nA,1,1000,2,3,phi3\n", false},
        {"models.csv", "name,layers,hidden,intermediate,vocab,norm\nA,1,1000,2,3,ln\n", false},
        {"devices.csv", DEVICE_COLUMNS ",unsourced,note\nD,sbc,100,20,500,,n\n", true},
        {"devices.csv", DEVICE_COLUMNS "\nD,sbc,100,20,500\n", true},
        {"devices.csv", DEVICE_COLUMNS ",unsourced\nD,sbc,100,20,500,mem_bw_gbs\n", false}, /* widens ranges */
        {"calibration.csv", CALIBRATION "decode,kind,arm,0.5\n", true},
        {"calibration.csv", "value,key,effect,phase,source\n5e-1,arm,kind,decode,x\n", true},
        {"calibration.csv", CALIBRATION "decode,kind,arm,0.6\n", false},
        {"calibration.csv", CALIBRATION "prefill,kind,arm,0.5\n", false},
    };
    uint64_t first = 0;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        uint64_t hash = hash_with(cases[i].file, cases[i].text);
        if (i == 0 || strcmp(cases[i].file, cases[i - 1].file) != 0)
            first = hash;
        cr_expect_eq(hash == first, cases[i].same, "%s", cases[i].text);
    }
    cr_expect_neq(hash_with("models.csv", MODELS "A,1,1000,2,3\nB,1,1000,2,3\n"),
                  hash_with("models.csv", MODELS "B,1,1000,2,3\nA,1,1000,2,3\n"), "the order of rows is contents");
}

/* ---- the field tables ---- */

Test(fields, tables_are_sound) {
    for (int kind = 0; kind < ES_KINDS; kind++) {
        const es_field_table *table = es_fields((es_kind)kind);
        for (size_t i = 0; i < table->n_fields; i++) {
            const es_field *field = &table->fields[i];
            cr_expect_eq(es_field_find((es_kind)kind, field->name, strlen(field->name)), (int)i, "%s", field->name);
            cr_expect(field->unit && field->help && field->help[0], "%s", field->name);
            bool has_choices = field->type == ES_CHOICE || field->type == ES_OPENSET;
            cr_expect_eq(field->choices != NULL, has_choices, "%s", field->name);
            if (es_field_is_numeric(field) && !isnan(field->fallback))
                cr_expect(es_field_accepts(field, field->fallback), "%s: default out of range", field->name);
        }
    }
    cr_expect_eq(es_field_find(ES_MODEL, "layers", 5), -1);
    cr_expect_eq(es_field_find(ES_MODEL, "layersx", 6), ES_M_LAYERS);
    cr_expect_eq(es_field_find(ES_MODEL, "Layers", 6), -1);
    cr_expect_eq(es_field_find(ES_MODEL, "", 0), -1);
}

Test(fields, ranges) {
    static const struct {
        es_kind kind;
        int field;
        double value;
        bool accepted;
        const char *expects;
    } cases[] = {
        {ES_MODEL, ES_M_LAYERS, 1, true, "a whole number from 1 to 1000000"},
        {ES_MODEL, ES_M_LAYERS, 1.5, false, "a whole number from 1 to 1000000"},
        {ES_MODEL, ES_M_LAYERS, 0, false, "a whole number from 1 to 1000000"},
        {ES_MODEL, ES_M_MAX_CTX, 0, true, "a whole number from 0 to 1000000000 (tokens)"},
        {ES_MODEL, ES_M_TIED, 1, true, "0 or 1"},
        {ES_MODEL, ES_M_TIED, 2, false, "0 or 1"},
        {ES_MODEL, ES_M_NORM, 0, false, "one of rms, ln, ln_np, none"},
        {ES_MODEL, ES_M_NAME, 0, false, "text"},
        {ES_MODEL, ES_M_FAMILY, 0, false, "text"},
        {ES_DEVICE, ES_D_MEM_UTIL, 1, true, "a number above 0 and at most 1"},
        {ES_DEVICE, ES_D_MEM_UTIL, 0, false, "a number above 0 and at most 1"},
        {ES_DEVICE, ES_D_MEM_BW, 1e300, false, "a number above 0 (GB/s)"},
        {ES_DEVICE, ES_D_MEM_BW, NAN, false, "a number above 0 (GB/s)"},
        {ES_DEVICE, ES_D_IDLE_W, 0, true, "a number from 0 to 1000000 (W)"},
        {ES_MODEL, ES_M_PARAMS_PUBLISHED, 0, true, "a number of at least 0"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_field *field = &es_fields(cases[i].kind)->fields[cases[i].field];
        char text[128], cut[6];
        es_field_expects(field, text, sizeof text);
        es_field_expects(field, cut, sizeof cut);
        cr_expect_str_eq(text, cases[i].expects);
        cr_expect(strncmp(text, cut, 5) == 0 && strlen(cut) <= 5);
        cr_expect_eq(es_field_accepts(field, cases[i].value), cases[i].accepted, "%s %g", field->name, cases[i].value);
    }
}
