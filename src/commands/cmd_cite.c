/* cite: what to cite, as BibTeX. */
#include <stdio.h>

#include <edgesweep/version.h>

#include "commands/commands.h"

/* As in CITATION.cff, which tests/cli/cite compares. */
static const char entries[] =
    "@software{edgesweep,\n"
    "  title   = {edgesweep: sweeps of language models, quantizations and edge devices},\n"
    "  author  = {{edgesweep authors}},\n"
    "  version = {" EDGESWEEP_VERSION "},\n"
    "  license = {MIT}\n"
    "}\n\n"
    "@misc{edgeprofiler,\n"
    "  title         = {{EdgeProfiler}: A Fast Profiling Framework for Lightweight {LLMs} on Edge Using Analytical "
    "Model},\n"
    "  author        = {Pinnock, Alyssa and Jayakody, Shakya and Roxy, Kawsher A and Ahmed, Md Rubel},\n"
    "  year          = {2025},\n"
    "  eprint        = {2506.09061},\n"
    "  archiveprefix = {arXiv}\n"
    "}\n\n"
    "@misc{edge-lm-feasibility,\n"
    "  title         = {Sometimes Painful but Certainly Promising: Feasibility and Trade-offs of Language Model\n"
    "                   Inference at the Edge},\n"
    "  author        = {Abstreiter, Maximilian and Tarkoma, Sasu and Morabito, Roberto},\n"
    "  year          = {2025},\n"
    "  eprint        = {2503.09114},\n"
    "  archiveprefix = {arXiv}\n"
    "}\n\n"
    "@article{roofline,\n"
    "  title   = {Roofline: An Insightful Visual Performance Model for Multicore Architectures},\n"
    "  author  = {Williams, Samuel and Waterman, Andrew and Patterson, David},\n"
    "  journal = {Communications of the {ACM}},\n"
    "  year    = {2009},\n"
    "  volume  = {52},\n"
    "  number  = {4},\n"
    "  pages   = {65--76},\n"
    "  doi     = {10.1145/1498765.1498785}\n"
    "}\n";

static es_status run_cite(es_cli *cli, es_errors *errors) {
    (void)errors;
    fputs(entries, cli->out);
    return ES_OK;
}

static const char *const examples[] = {
    "edgesweep cite >edgesweep.bib",
    "the entries for a bibliography",
    NULL,
};

const es_command es_cmd_cite = {
    .id = ES_CMD_CITE,
    .name = "cite",
    .synopsis = "",
    .help = "print what to cite, as BibTeX",
    .details =
        "This program; the paper whose equations the kernel edgeprofiler has; the companion study, whose measurements "
        "and questions (run-time memory, energy, cost) the sweeps take up; the roofline model.",
    .examples = examples,
    .run = run_cite,
};
