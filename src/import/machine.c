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

/* ---- Processors ---- */

/* Arm: implementer and part of MIDR_EL1 (linux arch/arm64/include/asm/cputype.h); x86: family and first and last model
 * (linux arch/x86/include/asm/intel-family.h, arch/x86/kernel/cpu/amd.c); both as /proc/cpuinfo prints them. */
typedef struct processor {
    int vendor, first, last;
    const char *unit; /* of units.csv */
} processor;

enum {
    ARM = 0x41,
    NVIDIA = 0x4e,
    QUALCOMM = 0x51,
    APPLE = 0x61,
    INTEL_6 = 0x10006,
    AMD_19 = 0x20019,
    AMD_1A = 0x2001a
};

static const processor processors[] = {
    {ARM, 0xd03, 0xd03, "cortex-a53"},     {ARM, 0xd05, 0xd05, "cortex-a55"},
    {ARM, 0xd07, 0xd07, "cortex-a57"},     {ARM, 0xd08, 0xd08, "cortex-a72"},
    {ARM, 0xd0b, 0xd0b, "cortex-a76"},     {ARM, 0xd0e, 0xd0e, "cortex-a76"}, /* A76AE */
    {ARM, 0xd41, 0xd42, "cortex-a78"},                                        /* A78, A78AE */
    {ARM, 0xd4b, 0xd4b, "cortex-a78"},                                        /* A78C */
    {ARM, 0xd44, 0xd44, "cortex-x1"},      {ARM, 0xd46, 0xd46, "cortex-a510"},
    {ARM, 0xd47, 0xd47, "cortex-a710"},    {ARM, 0xd4d, 0xd4d, "cortex-a715"},
    {ARM, 0xd4e, 0xd4e, "cortex-x3"},      {ARM, 0xd80, 0xd80, "cortex-a520"},
    {ARM, 0xd81, 0xd81, "cortex-a720"},    {ARM, 0xd82, 0xd82, "cortex-x4"},
    {NVIDIA, 0x004, 0x004, "carmel"},      {QUALCOMM, 0x001, 0x001, "oryon-1"},
    {QUALCOMM, 0x800, 0x801, "kryo-260"},  {APPLE, 0x022, 0x029, "apple-m1-cpu"},
    {APPLE, 0x032, 0x039, "apple-m2-cpu"}, {INTEL_6, 0x97, 0x97, "golden-cove"},
    {INTEL_6, 0x9a, 0x9a, "golden-cove"},  {INTEL_6, 0xb7, 0xb7, "golden-cove"},
    {INTEL_6, 0xba, 0xba, "golden-cove"},  {INTEL_6, 0xbf, 0xbf, "golden-cove"},
    {INTEL_6, 0xbe, 0xbe, "gracemont"},    {INTEL_6, 0xaa, 0xaa, "redwood-cove"},
    {INTEL_6, 0xbd, 0xbd, "lion-cove"},    {INTEL_6, 0xc5, 0xc6, "lion-cove"},
    {AMD_19, 0x00, 0x0f, "zen3"},          {AMD_19, 0x20, 0x5f, "zen3"},
    {AMD_19, 0x10, 0x1f, "zen4"},          {AMD_19, 0x60, 0x7f, "zen4"},
    {AMD_1A, 0x00, 0x1f, "zen5"},          {AMD_1A, 0x40, 0x4f, "zen5"},
    {AMD_1A, 0x20, 0x3f, "zen5-mobile"},   {AMD_1A, 0x60, 0x7f, "zen5-mobile"},
};

/* RISC-V: `uarch` of /proc/cpuinfo. */
static const char *const architectures[][2] = {
    {"spacemit,x60", "spacemit-x60"}, {"sifive,u74-mc", "sifive-u74"}, {"sifive,bullet0", "sifive-u74"},
    {"sifive,p550", "sifive-p550"},   {"thead,c910", "thead-c910"},    {"thead,c908", "thead-c908"},
};

typedef struct cluster {
    const char *unit;
    int count;
    double ghz; /* NaN: the kernel does not say */
} cluster;

/* What one processor's lines of /proc/cpuinfo have said so far. */
typedef struct seen {
    int number, vendor, part;
    const char *unit;
} seen;

static const char *unit_of(const seen *s) {
    const char *unit = s->unit;
    for (size_t i = 0; !unit && i < sizeof processors / sizeof *processors; i++)
        if (processors[i].vendor == s->vendor && processors[i].first <= s->part && s->part <= processors[i].last)
            unit = processors[i].unit;
    return unit;
}

/* Adds a processor to the clusters, which stay in the order of the list. */
static int add_processor(const char *root, const seen *s, cluster *clusters, int n, int most) {
    const char *unit = unit_of(s);
    char path[96];
    if (s->number < 0 || !unit)
        return n;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/cpuinfo_max_freq", s->number);
    const double ghz = read_number(below(root, path).text) / 1e6;
    for (int i = 0; i < n; i++)
        if (strcmp(clusters[i].unit, unit) == 0 && !(clusters[i].ghz < ghz) && !(clusters[i].ghz > ghz)) {
            clusters[i].count++;
            return n;
        }
    if (n < most)
        clusters[n++] = (cluster){unit, 1, ghz};
    return n;
}

/* Big clusters before little ones, as devices.csv writes them.  Threads that share a core count once where the kernel
 * prints `core id`. */
static void read_units(const char *root, es_machine *m) {
    enum { CLUSTERS = 4, CORES = 1024 };
    cluster clusters[CLUSTERS];
    bool core_met[CORES] = {false}, repeated = false;
    char line[512];
    int n = 0;
    seen s = {.number = -1};
    FILE *f = fopen(below(root, "/proc/cpuinfo").text, "r");
    m->units[0] = '\0';
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        const es_slice value = es_slice_trim(es_slice_of(colon + 1));
        const long number = strtol(colon + 1, NULL, 0);
        if (strncmp(line, "processor", 9) == 0) {
            n = repeated ? n : add_processor(root, &s, clusters, n, CLUSTERS);
            s = (seen){.number = (int)number};
            repeated = false;
        } else if (strncmp(line, "CPU implementer", 15) == 0 || strncmp(line, "cpu family", 10) == 0) {
            s.vendor = s.vendor + (int)number;
        } else if (strncmp(line, "vendor_id", 9) == 0) {
            s.vendor = es_slice_equal(value, "GenuineIntel")   ? 0x10000
                       : es_slice_equal(value, "AuthenticAMD") ? 0x20000
                                                               : 0;
        } else if (strncmp(line, "CPU part", 8) == 0 || strncmp(line, "model\t", 6) == 0) {
            s.part = (int)number;
        } else if (strncmp(line, "core id", 7) == 0 && number >= 0 && number < CORES) {
            repeated = core_met[number];
            core_met[number] = true;
        } else if (strncmp(line, "uarch", 5) == 0) {
            for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
                if (es_slice_equal(value, architectures[i][0]))
                    s.unit = architectures[i][1];
        }
    }
    n = repeated ? n : add_processor(root, &s, clusters, n, CLUSTERS);
    if (f)
        fclose(f);
    for (int i = 1; i < n; i++) /* by falling clock */
        for (int k = i; k > 0 && clusters[k].ghz > clusters[k - 1].ghz; k--) {
            const cluster swap = clusters[k];
            clusters[k] = clusters[k - 1];
            clusters[k - 1] = swap;
        }
    size_t used = 0;
    for (int i = 0; i < n && used < sizeof m->units; i++) {
        char clock[32] = "";
        if (!isnan(clusters[i].ghz))
            snprintf(clock, sizeof clock, "@%.4g", clusters[i].ghz);
        used += (size_t)snprintf(m->units + used, sizeof m->units - used, "%s%s*%d%s", i ? "+" : "", clusters[i].unit,
                                 clusters[i].count, clock);
    }
}

void es_heat_read(const char *root, es_heat *heat) {
    glob_t found = {0};
    *heat = (es_heat){.celsius = NAN, .clock = NAN};
    if (glob(below(root, "/sys/class/thermal/thermal_zone*/temp").text, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            heat->celsius = fmax(heat->celsius, read_number(found.gl_pathv[i]) / 1000);
    globfree(&found);
    found = (glob_t){0};
    if (glob(below(root, "/sys/devices/system/cpu/cpu[0-9]*/cpufreq").text, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const double now = read_number(below(found.gl_pathv[i], "/scaling_cur_freq").text);
            heat->clock = fmax(heat->clock, now / read_number(below(found.gl_pathv[i], "/cpuinfo_max_freq").text));
        }
    globfree(&found);
    /* Raspberry Pi firmware: bits 0-3 say what holds the clock down now (documentation of vcgencmd get_throttled). */
    char line[64];
    read_line(below(root, "/sys/devices/platform/soc/soc:firmware/get_throttled").text, line, sizeof line);
    heat->throttled = (strtoul(line, NULL, 16) & 0xf) != 0;
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
    read_units(root, m);
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
