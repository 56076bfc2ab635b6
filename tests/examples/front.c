/* Sweeps formats and contexts on one board and prints the front of speed, memory and quality.
 *
 *     cc front.c $(pkg-config --cflags --libs edgesweep) -o front && ./front "Raspberry Pi 5 8GB"
 */
#include <stdio.h>

#include <edgesweep/stream.h>

static const char sweep[] = "[sweep]\n"
                            "model     = Llama-3.2-*, Qwen3-*\n"
                            "precision = Q4_0, Q4_K_M, Q8_0\n"
                            "prompt    = 512\n"
                            "[where]\n"
                            "fits = 1\n"
                            "[pareto]\n"
                            "maximize = decode_tok_s, quality\n"
                            "minimize = peak_memory_bytes\n"
                            "[output]\n"
                            "columns = model, precision, decode_tok_s, quality, peak_memory_bytes\n";

int main(int argc, char **argv) {
    char device[200];
    const char *sets[] = {device};
    static es_errors errors;
    es_stream *stream;
    es_chunk *chunk = NULL;
    size_t n_columns;
    snprintf(device, sizeof device, "device=%s", argc > 1 ? argv[1] : "Raspberry Pi 5 8GB");
    es_status status = es_sweep_open(
        &stream, &(es_stream_options){.text = sweep, .sets = sets, .n_sets = 1, .table = ES_STREAM_FRONT}, &errors);
    if (!status)
        printf("%-14s %-8s %8s %8s %8s\n", "model", "format", "tokens/s", "quality", "GiB");
    while (!status && !(status = es_sweep_next(stream, &chunk, &errors)) && chunk) {
        const es_stream_column *column = es_stream_columns(stream, &n_columns);
        const int32_t *model = chunk->value[0], *format = chunk->value[1];
        const double *speed = chunk->value[2], *quality = chunk->value[3];
        const int64_t *memory = chunk->value[4];
        for (size_t i = 0; i < chunk->n; i++)
            printf("%-14s %-8s %8.2f %8.1f %8.2f\n", column[0].texts[model[i]], column[1].texts[format[i]], speed[i],
                   quality[i], (double)memory[i] / (1 << 30));
        es_chunk_release(chunk);
    }
    es_sweep_close(stream);
    es_errors_print(&errors, stderr);
    return status;
}
