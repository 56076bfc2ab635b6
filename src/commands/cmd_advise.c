/* advise: a board and a wish in one line, ten rows out. */
#include <math.h>

#include "commands/advise.h"
#include "commands/commands.h"
#include "cli/json_print.h"

static es_status run_advise(es_cli *cli, es_errors *errors) {
    es_advice *a = es_arena_alloc(&cli->arena, sizeof *a);
    if (!a)
        return es_fail_memory(errors);
    *a = (es_advice){.cli = cli};
    es_status status = es_advise_catalog(a, NULL, errors);
    if (!status)
        status = es_advise_operands(a, errors);
    if (!status && !a->n[ES_DEVICE] && !a->n[ES_MODEL]) {
        status = es_advise_this_machine(a, errors);
        a->n[ES_PRECISION] = 0; /* a row of the catalog as it was */
        const size_t found = a->n[ES_DEVICE];
        a->n[ES_DEVICE] = 0;
        if (!status)
            status = es_advise_operands(a, errors);
        a->n[ES_DEVICE] = found;
    }
    if (!status)
        status = es_advise_wish(a, errors);
    if (!status)
        status = es_advise_run(a, 0, NULL, errors);
    if (!status)
        status = es_advise_collect(a, errors);
    if (!status && !a->n_choices && a->n[ES_MODEL]) { /* because nobody scored it? */
        a->unscored = true;
        status = es_advise_run(a, 0, NULL, errors);
        if (!status)
            status = es_advise_collect(a, errors);
        for (size_t i = 0; i < a->n_choices && a->unscored; i++)
            a->unscored = isnan(es_offer_value(a, &a->choice[i], "quality"));
        if (!a->unscored)
            a->n_choices = 0; /* there is a quality, and not enough of it */
    }
    bool json = false;
    if (!status)
        status = es_typed_asked(cli, &json, errors);
    if (!status) {
        es_cli_report(cli, errors);
        status = json           ? es_advise_json(a, errors)
                 : a->n_choices ? es_advise_print(a, errors)
                                : es_advise_nothing(a, errors);
    }
    es_run_report_free(&a->report);
    es_sweep_free(a->sweep);
    es_catalog_free(&a->catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep advise 'Raspberry Pi 5'",
    "which model and format to run there, for chat",
    "edgesweep 'Raspberry Pi 5' Llama-3.2-3B",
    "the formats of one model; `advise` may be left out",
    "edgesweep advise Llama-3.1-8B Q4_K_M --min-speed 10",
    "the cheapest hardware that does it",
    "edgesweep advise rpi5 --use agent --context 16k --json",
    "for a program",
    NULL,
};

const es_command es_cmd_advise = {
    .id = ES_CMD_ADVISE,
    .name = "advise",
    .synopsis = "[DEVICE] [MODEL] [FORMAT]",
    .max_operands = 16,
    .help = "what to run on a device, or what to run a model on, in ten rows",
    .details =
        "Operands come in any order; names are matched loosely: rpi5, llama3.2:3b, Qwen/Qwen3-4B, q4_k_m; a product "
        "(`list products`) stands for the device of its processor, several models or formats are compared. With "
        "a device the "
        "rows are models, each in its best format, or the formats of the model named; with a model and no "
        "device, devices, "
        "the cheapest first; 16gb beside a device is its memory. Without both it is about this machine, recognised by "
        "the name of its board or "
        "processor, else "
        "measured once (`probe`; kept in $XDG_CACHE_HOME/edgesweep or ~/.cache/edgesweep).\n\n"
        "--use sets lengths and bounds: chat 512+256 tokens, 5 tokens/s, first token in 15 s; code 4096+512, 8, "
        "60 s; agent "
        "8192+512, 8, 90 s; summarise 8192+512, 3, 180 s; batch 1024+256 without bounds. --context, --min-speed "
        "and --max-ttft "
        "change them. --goal says what the best is: quality (in steps of 0.3 points, within which formats are a "
        "tie, then "
        "speed), speed, energy, cost, or balanced: quality * s/(s + 10) at s tokens/s; but for quality, models below "
        "40 points "
        "are left out, and of a model named the formats that lose more than a tenth of what it has above chance; "
        "--min-quality changes that, 1 takes all.\n\n"
        "Only formats that a runtime of the device loads count. 10-90% is the range in which the speed lies in "
        "eight of ten "
        "cases. When nothing meets the wish, the nearest miss of each condition is shown.\n\n"
        "--json prints an object: use, goal, prompt, gen, ram_gb, mem_bw_gbs, choices (how many there are), rows; a "
        "row has rank, "
        "model, device, "
        "runtime, precision, basis, quality_basis, quality_metric and numbers by the names of `list metrics`, "
        "null where "
        "unknown.",
    .examples = examples,
    .run = run_advise,
};
