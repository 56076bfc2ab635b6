#include "import/machine.h"

#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/text.h"

/* ---- Small files ---- */

typedef struct file_name {
    char text[PATH_MAX];
} file_name;

static file_name below(const char *root, const char *path) {
    file_name name;
    const int n = snprintf(name.text, sizeof name.text, "%s%s", root, path);
    if (n < 0 || (size_t)n >= sizeof name.text)
        *name.text = '\0';
    return name;
}

/* The first line without its end; "" when there is none. */
static void read_line(const char *path, char *line, size_t size) {
    FILE *f = fopen(path, "r");
    *line = '\0';
    if (f == NULL)
        return;
    if (fgets(line, (int)size, f) == NULL)
        *line = '\0';
    line[strcspn(line, "\n")] = '\0';
    fclose(f);
}

static double read_number(const char *path) {
    char line[64];
    double value;
    read_line(path, line, sizeof line);
    return es_parse_double(es_slice_trim(es_slice_of(line)), &value) == ES_NUMBER_OK ? value : NAN;
}

/* The value behind `label` in a file of lines `label : value`. */
static bool find_value(const char *path, const char *label, char *value, size_t size) {
    char line[512];
    FILE *f = fopen(path, "r");
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, label, strlen(label)) != 0 || colon == NULL)
            continue;
        es_copy_text(value, size, es_slice_trim(es_slice_of(colon + 1)));
        value[strcspn(value, "\n")] = '\0';
        found = true;
    }
    if (f)
        fclose(f);
    return found;
}

/* Sum over the files that match; NaN when none is readable. */
static double sum_of(const char *root, const char *pattern) {
    glob_t found = {0};
    double sum = NAN;
    if (glob(below(root, pattern).text, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const double x = read_number(found.gl_pathv[i]);
            if (!isnan(x))
                sum = isnan(sum) ? x : sum + x;
        }
    globfree(&found);
    return sum;
}

/* ---- The machine ---- */

static void read_cpu(const char *root, es_machine *m) {
    read_line(below(root, "/proc/device-tree/model").text, m->cpu, sizeof m->cpu);
    if (!*m->cpu && !find_value(below(root, "/proc/cpuinfo").text, "model name", m->cpu, sizeof m->cpu))
        es_copy_text(m->cpu, sizeof m->cpu, es_slice_of("unknown processor"));
}

/* Two numbers, microseconds of a period, or `max`. */
static double read_cpu_quota(const char *root) {
    char line[64], *end;
    read_line(below(root, "/sys/fs/cgroup/cpu.max").text, line, sizeof line);
    const double share = strtod(line, &end), period = strtod(end, NULL);
    return share > 0 && period > 0 ? share / period : INFINITY;
}

static void read_caches(const char *root, es_machine *m) {
    m->l1d_kib = m->l2_kib = m->l3_kib = NAN;
    for (int i = 0; i < 8; i++) {
        char folder[64], path[80], type[32], size[32];
        snprintf(folder, sizeof folder, "/sys/devices/system/cpu/cpu0/cache/index%d", i);
        snprintf(path, sizeof path, "%s/type", folder);
        read_line(below(root, path).text, type, sizeof type);
        snprintf(path, sizeof path, "%s/size", folder);
        read_line(below(root, path).text, size, sizeof size);
        snprintf(path, sizeof path, "%s/level", folder);
        const double level = read_number(below(root, path).text), unit = strchr(size, 'M') ? 1024 : 1;
        const double kib = strtod(size, NULL) * unit;
        if (strcmp(type, "Instruction") == 0 || !(kib > 0))
            continue;
        *(level == 1 ? &m->l1d_kib : level == 2 ? &m->l2_kib : &m->l3_kib) = kib;
    }
}

void es_machine_read(const char *root, es_machine *m) {
    read_cpu(root, m);
    read_caches(root, m);
    m->cpu_quota = read_cpu_quota(root);
    m->memory_max = read_number(below(root, "/sys/fs/cgroup/memory.max").text);
}

/* ---- Power ---- */

static const char packages[] = "/sys/class/powercap/intel-rapl:[0-9]/energy_uj";
static const char sensors[] = "/sys/class/hwmon/hwmon*/power1_input";
static const char batteries[] = "/sys/class/power_supply/BAT*/power_now";

void es_power_begin(es_power *power, const char *root) {
    *power = (es_power){.root = root, .how = "no readable sensor", .energy_uj = sum_of(root, packages)};
    power->begin = es_seconds_now();
}

void es_power_sample(es_power *power) {
    double uw = sum_of(power->root, sensors);
    const char *how = "hwmon sensors";
    if (!(uw > 0)) {
        uw = sum_of(power->root, batteries);
        how = "battery";
    }
    if (!(uw > 0))
        return;
    power->how = how;
    power->sum_uw += uw;
    power->samples++;
}

double es_power_end(es_power *power) {
    const double uj = sum_of(power->root, packages) - power->energy_uj;
    if (uj > 0) {
        power->how = "RAPL package counters";
        return uj / 1e6 / (es_seconds_now() - power->begin);
    }
    return power->samples > 0 ? power->sum_uw / power->samples / 1e6 : NAN;
}
