#include "fuzz.h"

#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

size_t fuzz_refused;

void fuzz_outcome(es_status status, const es_errors *errors) {
    FUZZ_CHECK((status == ES_OK) == (errors->n_errors == 0));
    for (unsigned i = 0; i < errors->n_errors && i < ES_MAX_ERRORS; i++) {
        const char *text = errors->error[i].text;
        FUZZ_CHECK(*text && strlen(text) < ES_TEXT_MAX);
        for (; *text; text++)
            FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 127);
    }
    fuzz_refused += status != ES_OK;
}

es_errors *fuzz_errors(void) {
    static es_errors errors;
    errors.n_errors = errors.n_warnings = 0;
    return &errors;
}

const char *fuzz_file(const void *data, size_t size) {
    static char path[40];
    static int fd = -1;
    if (fd >= 0)
        close(fd);
    fd = memfd_create("input", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

/* ---- folders ---- */

static char folder[64];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static void remove_folder(void) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

const char *fuzz_folder(void) {
    if (!*folder) {
        snprintf(folder, sizeof folder, "%s/edgesweep-fuzz-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
        FUZZ_CHECK(mkdtemp(folder) && atexit(remove_folder) == 0);
    }
    return folder;
}

void fuzz_write(const char *path, const void *data, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

/* ---- catalogs ---- */

static const char *const files[][2] = {
    {"models.csv",
     "name,aliases,layers,hidden,intermediate,vocab,heads,kv_heads,n_experts,n_active_experts,expert_intermediate,"
     "sliding_window,family\n"
     "Tiny,t,4,256,512,1000,4,2,0,0,0,0,llama\nMixed,,2,512,1024,3000,8,8,4,2,256,128,phi3\nOdd-70B,,1,7,3,11,1,1,,,,,"
     "\n"},
    {"devices.csv", "name,aliases,class,peak_gflops_fp32,mem_bw_gbs,storage_bw_mbs,h2d_gbs,net_bw_mbps,ram_gb,price_"
                    "usd,idle_w,load_w\n"
                    "Board,b,sbc,50,12,100,,1000,1,50,2,6\nCard,,gpu,9000,400,3000,16,10000,8,,20,200\n\"A, "
                    "\"\"b\"\"\",,sbc,1,1,1,1,1,,,,\n"},
    {"precisions.csv",
     "name,kind,weight_bits,group_size,scale_bits,compute\nFP16,float,16,,,fp16\nINT4,uniform,4,32,16,int8\n"
     "Q4_K_M,gguf,,,,int8\n"},
    {"scores.csv", "model,metric,mode,shots,harness,value,chance,source\nTiny,MMLU,instruct,5,lm-eval,40,25,s\n"},
    {"losses.csv", "model,file_type,imatrix,dlnppl,source\nTiny,INT4,,0.02,s\nMixed,pure Q4_0,1,0.1,s\n"},
    {"distortions.csv", "name,distortion,distortion_imatrix\nQ8_0,0.0001,\nQ4_K,0.02,0.01\nINT4,0.03,\n"},
};

const es_catalog *fuzz_catalog(void) {
    static es_catalog catalog;
    if (catalog.arena)
        return &catalog;
    char path[256], source[128];
    snprintf(source, sizeof source, "%s/catalog", fuzz_folder());
    FUZZ_CHECK(mkdir(source, 0700) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", source, files[i][0]);
        fuzz_write(path, files[i][1], strlen(files[i][1]));
    }
    const char *sources[] = {source};
    es_errors *errors = fuzz_errors();
    if (es_catalog_load(&catalog, sources, 1, errors) != ES_OK)
        es_errors_print(errors, stderr);
    FUZZ_CHECK(catalog.arena);
    return &catalog;
}

/* ---- sizes ---- */

/* The longest run of digits, an exponent counted as so many; a suffix counts three or more. */
bool fuzz_is_huge(const uint8_t *data, size_t size) {
    size_t digits = 0;
    bool numeral = false;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = data[i];
        if (isdigit(c) || c == '.')
            digits++;
        else if (numeral && strchr("kKMGTeE", c) && c)
            digits += c == 'k' || c == 'K' ? 3 : 9;
        else
            digits = 0;
        numeral = isdigit(c) || c == '.';
        if (digits > 6)
            return true;
    }
    return false;
}
