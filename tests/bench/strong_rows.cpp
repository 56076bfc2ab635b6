// What a careful C++ program makes of the rows of bench_rows: text of the outer loops made once, std::to_chars, threads that
// format blocks of rows and write them in order.   strong_rows FILE ROWS
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace {
struct board {
    const char *name;
    double peak, memory, storage, h2d, net;
};
const board boards[] = {{"EP Raspberry Pi 4", 50, 19, 500, 12, 800},
                        {"EP Raspberry Pi 5", 64, 34, 500, 16, 800},
                        {"EP Jetson Nano Super", 500, 25.6, 2000, 30, 4000}};
const char *const models[] = {"EP-TinyLlama-1B", "EP-Gemma3-1B", "EP-Llama3.2-1B", "EP-DeepSeek-r1-1.5B"};
const char *const precisions[] = {"FP32", "FP16", "INT8", "INT4"};
const double widths[] = {4, 2, 1, 0.5};
constexpr int outer = 48, row_most = 512;

char *put(char *to, double value) {
    to = std::to_chars(to, to + 32, value, std::chars_format::general, 9).ptr;
    *to++ = ',';
    return to;
}

char *put_rows(char *to, int combination, long long first, long long end) {
    const int m = combination / 12;
    const board &b = boards[combination / 4 % 3];
    const double B = widths[combination % 4], V = 50257, L = m == 3 ? 26 : 24, H = m == 3 ? 2304 : 2048,
                 I = m == 3 ? 9216 : 8192;
    const double params = L * 4 * H * H + L * 2 * H * I + 2 * V * H;
    const double io_ms = params * B / (b.storage * 1e6 * 0.8) * 1e3, h2d_ms = params * B / (b.h2d * 1e9 * 0.7) * 1e3;
    const std::string head = std::string(models[m]) + ',' + b.name + ',' + precisions[combination % 4] + ',';
    char whole[64], fixed[128], *whole_end = std::to_chars(whole, whole + 32, (long long)params).ptr;
    *whole_end++ = ',';
    char *fixed_end = put(put(fixed, io_ms), h2d_ms);
    for (long long s = first; s < end; s++) {
        const double S = (double)s, flops = L * (8 * H * H + 4 * H * S + 4 * H * I + 9 * H);
        const double memory = params * B + S * H * B + 2 * L * S * H * B;
        const double compute_ms = flops / (b.peak * 1e9 * 0.7) * 1e3, memory_ms = memory / (b.memory * 1e9 * 0.6) * 1e3;
        const double net_ms = S * H * B / (b.net * 1e6 / 8 * 0.8) * 1e3;
        const double all_ms = (compute_ms > memory_ms ? compute_ms : memory_ms) + io_ms + h2d_ms + net_ms;
        const double joules = flops * 1e-12 + memory * 1e-9;
        memcpy(to, head.data(), head.size()), to += head.size();
        to = std::to_chars(to, to + 24, s).ptr, *to++ = ',';
        memcpy(to, whole, (size_t)(whole_end - whole)), to += whole_end - whole;
        to = std::to_chars(to, to + 24, (long long)flops).ptr, *to++ = ',';
        to = put(put(put(to, memory), compute_ms), memory_ms);
        memcpy(to, fixed, (size_t)(fixed_end - fixed)), to += fixed_end - fixed;
        to = put(put(put(put(put(to, net_ms), all_ms), flops / memory), joules), joules / (all_ms / 1e3));
        to[-1] = '\n';
    }
    return to;
}
} // namespace

int main(int argc, char **argv) {
    const long long values = argc > 2 ? atoll(argv[2]) / outer : 0, block = 4096, blocks = (values + block - 1) / block;
    const int fd = argc > 2 ? open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    bool failed = fd < 0;
    if (failed)
        return fprintf(stderr, "usage: strong_rows FILE ROWS\n"), 2;
    posix_fallocate(fd, 0, 180 * values * outer); // a help: writing has the last word
    off_t length = 0;
#pragma omp parallel
    {
        std::vector<char> text((size_t)(block * row_most));
#pragma omp for ordered schedule(static, 1)
        for (long long i = 0; i < blocks * outer; i++) {
            const long long first = i % blocks * block + 1,
                            end = first + block <= values + 1 ? first + block : values + 1;
            const char *stop = put_rows(text.data(), (int)(i / blocks), first, end);
#pragma omp ordered
            for (const char *at = text.data(); at < stop && !failed;) {
                const ssize_t n = write(fd, at, (size_t)(stop - at));
                failed = n <= 0;
                at += n, length += n;
            }
        }
    }
    return failed || ftruncate(fd, length) || close(fd);
}
