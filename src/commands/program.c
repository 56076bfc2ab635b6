/* One invocation from argv to exit status: parse, run the command, report, check that stdout took everything. */
#include "commands/program.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "commands/commands.h"
#include "cli/help.h"
#include "cli/limits.h"
#include "cli/print.h"
#include "io/json_text.h"

/* SIGINT, SIGALRM when --max-time is over, SIGTERM for all others; handlers can reach nothing but a global. */
static volatile sig_atomic_t stop_requested, stop_second;

/* A second signal kills, but not the echo of the first: timeout(1) and make signal the process and then its group. */
static void request_stop(int signal_number, siginfo_t *info, void *context) {
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stop_requested) {
        const bool own_alarm = signal_number == SIGALRM && info->si_code == SI_KERNEL;
        stop_requested = signal_number == SIGINT || own_alarm ? signal_number : SIGTERM;
        stop_second = (sig_atomic_t)now.tv_sec;
    } else if (now.tv_sec - stop_second > 1) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

/* jansson's reader would write behind its buffers rather than fail: the process ends first. */
static void *json_memory(size_t n) {
    void *memory = malloc(n);
    if (!memory && es_json_is_reading()) {
        static const char message[] = "edgesweep: out of memory while reading JSON\n";
        ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
        (void)written;
        _exit(ES_ERUNTIME);
    }
    return memory;
}

static void catch_signal(int signal_number) {
    struct sigaction stop = {.sa_sigaction = request_stop, .sa_flags = SA_SIGINFO};
    sigaction(signal_number, &stop, NULL);
}

/* What schedulers send before they kill (help clusters); what was ignored at the start, as by nohup, stays so. */
static void install_signals(void) {
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM};
    struct sigaction inherited, ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (sigaction(stops[i], NULL, &inherited) != 0 || inherited.sa_handler != SIG_IGN)
            catch_signal(stops[i]);
    sigaction(SIGPIPE, &ignore, NULL); /* writes then fail with EPIPE, EFBIG, and partial files are cleaned up */
    sigaction(SIGXFSZ, &ignore, NULL);
}

static void look_at_terminal(es_cli *cli) {
    struct winsize size;
    cli->out_tty = isatty(STDOUT_FILENO) == 1;
    cli->err_tty = isatty(STDERR_FILENO) == 1;
    cli->width = 80;
    int fd = cli->out_tty ? STDOUT_FILENO : STDERR_FILENO;
    if ((cli->out_tty || cli->err_tty) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        cli->width = size.ws_col;
}

/* --color wins over NO_COLOR, which wins over the terminal. */
static void choose_color(es_cli *cli) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const uint64_t mode = es_count_of(cli, ES_OPT_COLOR, ES_MODE_AUTO);
    const bool able = !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    cli->out_color = mode == ES_MODE_ALWAYS || (mode == ES_MODE_AUTO && able && cli->out_tty);
    cli->err_color = mode == ES_MODE_ALWAYS || (mode == ES_MODE_AUTO && able && cli->err_tty);
}

/* A reader that left (`| head`) is no fault worth a message. */
static bool reader_left(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) && !(out.revents & POLLNVAL);
}

/* Everything printed must have arrived: a full disk shows up here at the latest. */
static es_status close_stdout(es_status status, es_errors *errors) {
    bool failed = ferror(stdout) != 0;
    errno = 0;
    failed = fflush(stdout) != 0 || failed;
    int error = errno;
    if (close(STDOUT_FILENO) != 0 && errno != EBADF && errno != EINTR && !failed) {
        failed = true;
        error = errno;
    }
    if (!failed || status)
        return status;
    return es_fail(errors, ES_ERUNTIME, NULL, "cannot write to stdout: %s", strerror(error ? error : EIO));
}

static void print_hint(const es_cli *cli) {
    fprintf(stderr, "try 'edgesweep help%s%s'\n", cli->command ? " " : "", cli->command ? cli->command->name : "");
}

/* On a terminal texts come as a page, whose lines are wrapped. */
static es_status run_wrapped(es_cli *cli, es_errors *errors) {
    char *page = NULL;
    size_t length;
    const unsigned width = cli->command->wraps ? es_width_of(cli, stdout) : 0;
    cli->out = width ? open_memstream(&page, &length) : stdout;
    if (!cli->out)
        return es_fail_memory(errors);
    es_status status = cli->command->run(cli, errors);
    if (width) {
        if (fclose(cli->out) != 0)
            status = es_fail_memory(errors);
        else
            es_print_wrapped(stdout, page, 0, width);
        free(page);
    }
    return status;
}

static es_status run_command(es_cli *cli, es_errors *errors) {
    if (es_given(cli, ES_OPT_MAX_TIME))
        catch_signal(SIGALRM);
    const es_status status = es_cli_limits_begin(cli, errors);
    return es_cli_limits_end(cli, status ? status : run_wrapped(cli, errors), errors);
}

/* The folder of the program's own file, by the word it was called with, as a shell finds it; NULL if it is not there. */
static char *folder_of_program(es_cli *cli) {
    const char *called = cli->argv[0], *path = getenv("PATH");
    const char *found = strchr(called, '/') ? called : NULL;
    while (!found && path && *path) {
        const char *end = strchrnul(path, ':');
        const char *file = es_arena_printf(&cli->arena, "%.*s/%s", (int)(end - path), path, called);
        found = file && access(file, X_OK) == 0 ? file : NULL;
        path = *end ? end + 1 : NULL;
    }
    char *real = found ? realpath(found, NULL) : NULL;
    if (real)
        *strrchr(real, '/') = '\0';
    return real;
}

/* A bare word that is no file and no sweep of the folder: the one that was meant, if there is one like it. */
static es_status suggest_sweep(es_cli *cli, const char *name, const char *folder, es_errors *errors) {
    enum { LOOKED_AT = 64 };
    const char *known[LOOKED_AT];
    size_t n = 0;
    DIR *open = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; open && n < LOOKED_AT && (entry = readdir(open));) {
        const size_t length = strlen(entry->d_name), suffix = strlen(".sweep");
        if (length > suffix && strcmp(entry->d_name + length - suffix, ".sweep") == 0 &&
            (known[n] = es_arena_text(&cli->arena, (es_slice){entry->d_name, length - suffix})))
            n++;
    }
    if (open)
        closedir(open);
    const char *near = es_nearest(es_slice_of(name), known, n);
    return near ? es_usage(cli, errors, "no such file: '%s'; did you mean the sweep '%s'?", es_quote_text(name).text,
                           near)
                : ES_OK;
}

/* `edge` for the sweep edge.sweep that comes along: in the source folder of a build, or installed with the program. */
static es_status find_shipped_sweep(es_cli *cli, es_errors *errors) {
    static const char *const folders[] = {"../sweeps", "../../sweeps", "../share/edgesweep/sweeps"};
    const char *name = cli->n_operands && es_option_in(ES_OPT_SET, cli->command) ? cli->operand[0] : "/";
    if (cli->command->id == ES_CMD_ADVISE || strchr(name, '/') || strcmp(name, "-") == 0 || access(name, F_OK) == 0)
        return ES_OK;
    char *folder = folder_of_program(cli);
    const size_t n = strlen(name), suffix = strlen(".sweep");
    const bool whole = n > suffix && strcmp(name + n - suffix, ".sweep") == 0;
    es_status status = ES_OK;
    for (size_t i = 0; !status && folder && i < sizeof folders / sizeof *folders; i++) {
        const char *path = es_arena_printf(&cli->arena, "%s/%s/%s%s", folder, folders[i], name, whole ? "" : ".sweep");
        status = path ? ES_OK : es_fail_memory(errors);
        if (path && access(path, R_OK) == 0) {
            cli->operand[0] = path;
            break;
        }
        if (path && !strchr(name, '.'))
            status = suggest_sweep(cli, name, es_arena_printf(&cli->arena, "%s/%s", folder, folders[i]), errors);
    }
    free(folder);
    return status;
}

static es_status dispatch(es_cli *cli, es_errors *errors) {
    if (es_given(cli, ES_OPT_VERSION)) {
        es_print_version(stdout);
        return ES_OK;
    }
    if (es_given(cli, ES_OPT_HELP)) {
        if (cli->command)
            es_print_help(cli, cli->command, stdout);
        else
            es_print_overview(cli, stdout);
        return ES_OK;
    }
    if (cli->command) {
        const es_status status = find_shipped_sweep(cli, errors);
        return status ? status : run_command(cli, errors);
    }
    return es_usage(cli, errors, "no command given; expected edgesweep COMMAND");
}

int es_cli_main(int argc, char **argv) {
    static const es_command *const commands[] = {ES_ALL_COMMANDS, NULL};
    es_cli cli = {.commands = commands, .stop = &stop_requested};
    es_errors errors = {0};
    install_signals();
    json_set_alloc_funcs(json_memory, free);
    look_at_terminal(&cli);
    es_status status = es_cli_parse(&cli, argc, argv, &errors);
    choose_color(&cli);
    if (!status)
        status = dispatch(&cli, &errors);
    bool left = reader_left();
    status = close_stdout(status, &errors);
    if (left && status == ES_ERUNTIME)
        errors.n_errors = 0;
    es_cli_report(&cli, &errors);
    if (cli.usage)
        print_hint(&cli);
    es_cli_free(&cli);
    return (int)status;
}
