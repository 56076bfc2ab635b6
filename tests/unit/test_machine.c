/* What the kernel's files tell, read from folders that look like those of other machines. */
#include "sweep_help.h"

#include <errno.h>
#include <sys/stat.h>

#include "import/machine.h"

/* A file below the folder, with the folders on its way. */
static void put_deep(folder *f, const char *name, const char *content) {
    char path[400];
    path_in(f, name + 1, path, sizeof path);
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST, "%s", path);
    }
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    fclose(file);
}

static void remove_deep(const folder *f) {
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", f->path);
    cr_assert_eq(system(command), 0);
}

#define CACHE "/sys/devices/system/cpu/cpu0/cache/index"

static void put_cache(folder *f, int index, const char *type, const char *level, const char *size) {
    static const char *const names[] = {"type", "level", "size"};
    const char *const texts[] = {type, level, size};
    for (int i = 0; i < 3; i++) {
        char name[100];
        snprintf(name, sizeof name, CACHE "%d/%s", index, names[i]);
        put_deep(f, name, texts[i]);
    }
}

Test(machine, processor_memory_and_caches) {
    folder f = folder_new();
    es_machine m;
    put_deep(&f, "/proc/cpuinfo", "processor\t: 0\nmodel name\t:  Intel(R) N100 \nmodel name\t: another\n");
    put_deep(&f, "/sys/fs/cgroup/cpu.max", "150000 100000\n");
    put_deep(&f, "/sys/fs/cgroup/memory.max", "536870912\n");
    put_cache(&f, 0, "Data\n", "1\n", "32K\n");
    put_cache(&f, 1, "Instruction\n", "1\n", "64K\n");
    put_cache(&f, 2, "Unified\n", "2\n", "2M\n");
    put_cache(&f, 3, "Unified\n", "3\n", "6144K\n");
    es_machine_read(f.path, &m);
    cr_expect_str_eq(m.cpu, "Intel(R) N100");
    cr_expect_eq(m.cpu_quota, 1.5);
    cr_expect_eq(m.memory_max, 0x1p29);
    cr_expect(m.l1d_kib == 32 && m.l2_kib == 2048 && m.l3_kib == 6144, "%g %g %g", m.l1d_kib, m.l2_kib, m.l3_kib);
    cr_expect_str_eq(m.units, "");
    put_deep(&f, "/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0");
    put_deep(&f, "/sys/fs/cgroup/cpu.max", "max 100000\n");
    put_deep(&f, "/sys/fs/cgroup/memory.max", "max\n");
    put_cache(&f, 7, "Unified\n", "3\n", "8M\n");
    es_machine_read(f.path, &m);
    cr_expect_str_eq(m.cpu, "Raspberry Pi 5 Model B Rev 1.0", "a board knows more than its processor");
    cr_expect(isinf(m.cpu_quota) && isnan(m.memory_max));
    cr_expect_eq(m.l3_kib, 8192);
    remove_deep(&f);
}

Test(machine, nothing_to_read) {
    folder f = folder_new();
    es_machine m;
    es_machine_read(f.path, &m);
    cr_expect_str_eq(m.cpu, "unknown processor");
    cr_expect(isinf(m.cpu_quota) && isnan(m.memory_max) && isnan(m.l1d_kib) && isnan(m.l2_kib) && isnan(m.l3_kib));
    put_deep(&f, "/sys/fs/cgroup/cpu.max", "100000 0\n");
    put_cache(&f, 0, "Data\n", "1\n", "0K\n");
    es_machine_read(f.path, &m);
    cr_expect(isinf(m.cpu_quota) && isnan(m.l1d_kib));
    remove_deep(&f);
}

#define RAPL "/sys/class/powercap/intel-rapl:"
#define HWMON "/sys/class/hwmon/hwmon"
#define BATTERY "/sys/class/power_supply/BAT0/power_now"

Test(machine, power_of_sensors) {
    folder f = folder_new();
    es_power power;
    es_power_begin(&power, f.path);
    es_power_sample(&power);
    cr_expect(isnan(es_power_end(&power)));
    cr_expect_str_eq(power.how, "no readable sensor");
    put_deep(&f, BATTERY, "8000000\n");
    es_power_begin(&power, f.path);
    es_power_sample(&power);
    cr_expect_eq(es_power_end(&power), 8);
    cr_expect_str_eq(power.how, "battery");
    put_deep(&f, HWMON "0/power1_input", "0\n"); /* a sensor that shows nothing */
    es_power_begin(&power, f.path);
    es_power_sample(&power);
    cr_expect_eq(es_power_end(&power), 8);
    put_deep(&f, HWMON "1/power1_input", "3000000\n");
    es_power_begin(&power, f.path);
    es_power_sample(&power);
    put_deep(&f, HWMON "0/power1_input", "2000000\n");
    put_deep(&f, HWMON "2/power1_input", "not a number\n");
    es_power_sample(&power);
    cr_expect_eq(es_power_end(&power), 4, "the mean of 3 and of 3 + 2");
    cr_expect_str_eq(power.how, "hwmon sensors");
    remove_deep(&f);
}

Test(machine, power_of_counters) {
    folder f = folder_new();
    es_power power;
    put_deep(&f, RAPL "0/energy_uj", "1000000\n");
    put_deep(&f, RAPL "1/energy_uj", "500000\n");
    put_deep(&f, RAPL "0:0/energy_uj", "77777777\n"); /* a part of package 0 */
    put_deep(&f, BATTERY, "8000000\n");
    es_power_begin(&power, f.path);
    cr_expect_eq(power.energy_uj, 1.5e6);
    es_power_sample(&power);
    power.begin -= 2; /* seconds ago */
    put_deep(&f, RAPL "0/energy_uj", "13000000\n");
    const double watts = es_power_end(&power);
    cr_expect(watts > 5 && watts <= 6, "12 J in a little over 2 s: %g W", watts);
    cr_expect_str_eq(power.how, "RAPL package counters");
    es_power_begin(&power, f.path);
    es_power_sample(&power);
    put_deep(&f, RAPL "0/energy_uj", "5\n");
    cr_expect_eq(es_power_end(&power), 8, "wrapped: the battery's");
    cr_expect_str_eq(power.how, "battery");
    remove_deep(&f);
}

/* Lines of /proc/cpuinfo as boards print them (public reports: armbian-hardware-monitor, LKML), shortened to what is read. */
static void put_processors(folder *f, const char *const *lines, const double *max_khz, int n) {
    char cpuinfo[8192] = "";
    for (int i = 0; i < n; i++) {
        snprintf(cpuinfo + strlen(cpuinfo), sizeof cpuinfo - strlen(cpuinfo), "processor\t: %d\n%s\n\n", i, lines[i]);
        if (max_khz[i] > 0) {
            char name[100], number[32];
            snprintf(name, sizeof name, "/sys/devices/system/cpu/cpu%d/cpufreq/cpuinfo_max_freq", i);
            snprintf(number, sizeof number, "%.0f\n", max_khz[i]);
            put_deep(f, name, number);
        }
    }
    put_deep(f, "/proc/cpuinfo", cpuinfo);
}

#define ARM_CORE(part)                                                                                                 \
    "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: " part "\nCPU revision\t: 3"

Test(machine, units_of_boards) {
    static const struct {
        const char *text[8];
        double khz[8];
        int n;
        const char *units;
    } boards[] = {
        {{ARM_CORE("0xd08"), ARM_CORE("0xd08"), ARM_CORE("0xd08"), ARM_CORE("0xd08")},
         {1.8e6, 1.8e6, 1.8e6, 1.8e6},
         4,
         "cortex-a72*4@1.8"},
        {{ARM_CORE("0xd0b"), ARM_CORE("0xd0b"), ARM_CORE("0xd0b"), ARM_CORE("0xd0b")},
         {2.4e6, 2.4e6, 2.4e6, 2.4e6},
         4,
         "cortex-a76*4@2.4"},
        {{ARM_CORE("0xd05"), ARM_CORE("0xd05"), ARM_CORE("0xd05"), ARM_CORE("0xd05"), ARM_CORE("0xd0b"),
          ARM_CORE("0xd0b"), ARM_CORE("0xd0b"), ARM_CORE("0xd0b")},
         {1.8e6, 1.8e6, 1.8e6, 1.8e6, 2.256e6, 2.256e6, 2.256e6, 2.256e6},
         8,
         "cortex-a76*4@2.256+cortex-a55*4@1.8"},
        {{ARM_CORE("0xd42"), ARM_CORE("0xd42"), ARM_CORE("0xd42"), ARM_CORE("0xd42"), ARM_CORE("0xd42"),
          ARM_CORE("0xd42")},
         {1.728e6, 1.728e6, 1.728e6, 1.728e6, 1.728e6, 1.728e6},
         6,
         "cortex-a78*6@1.728"},
        {{"CPU implementer\t: 0x61\nCPU part\t: 0x022", "CPU implementer\t: 0x61\nCPU part\t: 0x023"},
         {2.064e6, 3.204e6},
         2,
         "apple-m1-cpu*1@3.204+apple-m1-cpu*1@2.064"},
        {{"vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 190\nmodel name\t: Intel(R) N100\ncore id\t\t: 0",
          "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 190\nmodel name\t: Intel(R) N100\ncore id\t\t: 1"},
         {3.4e6, 3.4e6},
         2,
         "gracemont*2@3.4"},
        {{"vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 116\ncore id\t\t: 0",
          "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 116\ncore id\t\t: 0"},
         {0, 0},
         2,
         "zen4*1"},
        {{"hart\t\t: 0\nisa\t\t: rv64imafdcv\nuarch\t\t: spacemit,x60"}, {1.6e6}, 1, "spacemit-x60*1@1.6"},
    };
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        folder f = folder_new();
        es_machine m;
        put_processors(&f, boards[i].text, boards[i].khz, boards[i].n);
        es_machine_read(f.path, &m);
        cr_expect_str_eq(m.units, boards[i].units, "%s, expected %s", m.units, boards[i].units);
        remove_deep(&f);
    }
}

Test(machine, heat) {
    folder f = folder_new();
    es_heat heat;
    es_heat_read(f.path, &heat);
    cr_expect(isnan(heat.celsius) && isnan(heat.clock) && !heat.throttled);
    put_deep(&f, "/sys/class/thermal/thermal_zone0/temp", "48312\n");
    put_deep(&f, "/sys/class/thermal/thermal_zone1/temp", "81500\n");
    put_deep(&f, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1200000\n");
    put_deep(&f, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "2400000\n");
    put_deep(&f, "/sys/devices/platform/soc/soc:firmware/get_throttled", "e0008\n");
    es_heat_read(f.path, &heat);
    cr_expect(heat.celsius == 81.5 && heat.clock == 0.5 && heat.throttled, "%g %g", heat.celsius, heat.clock);
    put_deep(&f, "/sys/devices/platform/soc/soc:firmware/get_throttled", "e0000\n");
    es_heat_read(f.path, &heat);
    cr_expect_not(heat.throttled, "only in the past");
    remove_deep(&f);
}
