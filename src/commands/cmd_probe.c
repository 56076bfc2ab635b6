/* probe: the machine in front of the user as a device. */
#include <stdlib.h>

#include "import/probe.h"
#include "commands/commands.h"

static void show_progress(void *context, const char *doing) {
    const es_cli *cli = context;
    if (cli->err_tty && !es_given(cli, ES_OPT_QUIET)) {
        fprintf(stderr, "\rmeasuring %s ...\033[K", doing);
        fflush(stderr);
    }
}

static es_status run_probe(es_cli *cli, es_errors *errors) {
    const char *folder = es_text_of(cli, ES_OPT_TMP), *given = getenv("TMPDIR");
    es_probe probe;
    if (folder == NULL)
        folder = given && *given ? given : "/var/tmp";
    const es_probe_options options = {folder, show_progress, cli, cli->stop};
    const es_status status = es_probe_run(&options, &probe, errors);
    if (cli->err_tty && !es_given(cli, ES_OPT_QUIET))
        fputs("\r\033[K", stderr);
    if (status)
        return status;
    if (*probe.busy && !es_given(cli, ES_OPT_ANYWAY))
        return es_fail(errors, ES_ERUNTIME, NULL,
                       "the machine was not left alone: %s; end other work, or take the numbers with --anyway",
                       probe.busy);
    es_probe_print(stdout, &probe);
    if (*probe.busy)
        es_warn(errors, NULL, "the machine was not left alone: %s", probe.busy);
    es_cli_report(cli, errors);
    es_note(cli, "measured in %.0f s; the device is called 'this'", probe.seconds);
    return ES_OK;
}

static const char *const examples[] = {
    "mkdir -p my && edgesweep probe > my/devices.csv",
    "a catalog with this machine",
    "edgesweep run sweeps/edge.sweep --catalog +my --set device=this",
    "which models suit it",
    NULL,
};

const es_command es_cmd_probe = {
    .id = ES_CMD_PROBE,
    .name = "probe",
    .synopsis = "",
    .help = "measure this machine as a device",
    .details =
        "Measures read bandwidth on one to all threads, the peaks of multiply-adds in FP32, FP16 and INT8 where the "
        "processor has such instructions, the rate at which a temporary file of up to 256 MiB is read past the page "
        "cache, memory and caches, how much of the bandwidth is left when 8-bit blocks are multiplied with a vector "
        "(mem_util), and power when idle and under load where the kernel shows it (RAPL, hwmon, a "
        "battery). Prints the header and one row of devices.csv. Other work on the machine lowers the numbers: let it "
        "rest; a machine that is busy or throttled is refused without --anyway. It takes less than 20 seconds. What "
        "was not measured (the rates of tensor types, overheads) comes from "
        "the "
        "class until `calibrate` fits it.",
    .examples = examples,
    .run = run_probe,
};
