/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl against a fake host (fake-kxl.c): what it prints, where, and its exit status. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER  "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
#define PV1     "pv1                                          1   256     2     -b----       5.6\n"
#define HVM1    "hvm1                                         3  1024     1     --p---       0.3\n"
#define HOST    "Domain-0                                     0   750     4     r-----   11794.3\n"
#define INVALID "no is an invalid domain identifier (rc=-6)\n"

static const struct {
    const char *command;
    int status;
    const char *out, *err; /* NULL: not compared. A '*' at the end: the beginning is compared */
} cases[] = {
    { "list", 0, HEADER HOST PV1 HVM1, "" },
    { "list hvm1 1", 0, HEADER HVM1 PV1, "" },
    { "list no", 1, "", INVALID },
    { "list -v pv1", 0,
      "Name                                        ID   Mem VCPUs\tState\tTime(s)   UUID           "
      " "
      "                Reason-Code\tSecurity Label\n"
      "pv1                                          1   256     2     -b----       5.6 "
      "734f2dbb-934e-ba83-d45d-ef656ecfbefc        -                -\n",
      "" },
    { "list -l pv1", 0, "[\n    {\n        \"domid\" : 1,\n        \"config\" : {\n*", "" },
    { "vm-list", 0,
      "UUID                                  ID    name\n"
      "734f2dbb-934e-ba83-d45d-ef656ecfbefc  1    pv1                           \n"
      "25a47c57-294d-0a5d-6a1e-cedb09570b33  3    hvm1                          \n",
      "" },
    { "domid pv1", 0, "1\n", "" },
    { "domid no", 1, "",
      "Can't get domid of domain name 'no', maybe this domain does not exist.\n" },
    { "domname 3", 0, "hvm1\n", "" },
    { "domname 9", 1, "",
      "Can't get domain name of domain id '9', maybe this domain does not exist.\n" },
    { "domname x", 1, NULL, "Invalid domain id.\n\n" },
    { "rename pv1 new", 0, "", "fake: new 1\n" },
    { "rename pv1 hvm1", 1, "", "Can't rename domain 'pv1': domain 'hvm1' exists already\n" },
    { "pause pv1", 0, "", "fake: pause 1\n" },
    { "unpause 1", 0, "", "fake: unpause 1\n" },
    { "pause no", 1, "", INVALID },
    { "pause", 2, "Usage: xl [-vtT] pause <Domain>\n*",
      "'xl pause' requires at least 1 argument.\n\n" },
    { "mem-set pv1", 2, NULL, "'xl mem-set' requires at least 2 arguments.\n\n" },
    { "pause -x pv1", 2, "", "option `x' not supported.\n" },
    { "pause --nonsense pv1", 2, "", "option `--nonsense' not supported.\n" },
    { "pause -h", 0, "Usage: xl [-vtT] pause <Domain>\n\nPause execution of a domain.\n*", "" },
    { "destroy hvm1", 0, "", "fake: destroy 3\n" },
    { "destroy 0", 1, "", "Not destroying domain 0; use -f to force.\n*" },
    { "shutdown pv1", 0, "", "Shutting down domain 1\nfake: shutdown 1\n" },
    { "shutdown", 1, "", "You must specify -a or a domain id.\n\n" },
    { "shutdown -a -w", 0, "",
      "Shutting down domain 1\nfake: shutdown 1\nShutting down domain 3\nfake: shutdown 3\n"
      "Waiting for 2 domains\nDomain 1 has been shut down, reason code 0\n"
      "Domain 3 has been shut down, reason code 0\n" },
    { "reboot pv1", 0, "", "Rebooting domain 1\nfake: reboot 1\n" },
    { "reboot hvm1", 1, "",
      "Rebooting domain 3\nPV control interface not available: external graceful reboot not "
      "possible.\n"
      "Use \"-F\" to fallback to ACPI reset event.\n" },
    { "reboot -F hvm1", 0, "",
      "Rebooting domain 3\nPV control interface not available: sending ACPI reset button event.\n"
      "fake: reset 3\n" },
    { "mem-set pv1 100", 0, "", "fake: target 102400 KiB of 1\n" },
    { "mem-set pv1 2048k", 0, "", "fake: target 2048 KiB of 1\n" },
    { "mem-set pv1 1G", 0, "", "fake: target 1048576 KiB of 1\n" },
    { "mem-set pv1 1048576b", 0, "", "fake: target 1024 KiB of 1\n" },
    { "mem-set pv1 lots", 1, "", "invalid memory size: lots\n" },
    { "mem-set pv1 99999999999999t", 1, "", "invalid memory size: 99999999999999t\n" },
    { "block-list pv1", 0,
      "Vdev  BE  handle state evt-ch ring-ref BE-path                       \n"
      "51712 0   0      4     15     8        /local/domain/0/backend/vbd/1/51712\n",
      "" },
    { "network-list pv1", 0,
      "Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref BE-path                      "
      " \n"
      "0   0  00:16:3e:00:00:01      0     4     15     8/-1          "
      "/local/domain/0/backend/vif/1/0\n",
      "" },
    { "info", 0, "host                   : scarlett\nrelease                : 6.1.0\n*", "" },
    { "dmesg", 0, "(hv) hello\n", "" },
    { "hv-stats pv1", 0,
      "Name                                            Count\n"
      "hypercall/iret                                      7\n"
      "exception/page fault                               12\n",
      "" },
    { "debug-keys qt", 0, "", "fake: qt 1\n" },
    { "debug-keys h hvm1", 0, "", "fake: h 3\n" },
    { "hv-stats -v one pv1", 1, "", "vcpu: 'one' is not a number\n" },
    { "uptime pv1", 0,
      "Name                                ID Uptime\npv1                                  1 *",
      "" },
    { "vncviewer pv1", 1, "", "xl: vncviewer: *" },
    { "console pv1", 1, "",
      "fake: tty pv 0 of 1\nUnable to attach console: domain 1 has no pv console\n" },
    { "console hvm1", 1, "",
      "fake: tty serial 0 of 3\nUnable to attach console: domain 3 has no serial console\n" },
    { "console -t pv -n 2 hvm1", 1, "", "fake: tty pv 2 of 3\n*" },
    { "console -t vuart pv1", 2, "", "console type supported are: pv, serial\n" },
    { "migrate pv1 host", 1, "", "xl: migrate: not supported\n" },
    { "frobnicate", 1, "", "command not implemented\n" },
    { "help frobnicate", 1, "command \"frobnicate\" not implemented\n", "" },
    { "help list", 0, "Usage: xl [-vtT] list [options] [Domain]\n*", "" },
    { "help --long", 0,
      "Usage xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n create *", "" },
    { "help", 0, "Usage xl [-vfNtT] <subcommand> [args]\n*", "" },
    { "", 1, "Usage xl [-vfNtT] <subcommand> [args]\n*", "" },
    { "-N list", 1, "", "command does not implement -N (dryrun) option\n" },
    { "-vftT domid pv1", 0, "1\n", "" },

    { "create nowhere.cfg", 1, "",
      "Failed to read config file: nowhere.cfg: No such file or directory\n" },
    { "create /", 1, "", "Failed to read config file: /: Is a directory\n" },
    { "create a b", 2, NULL, "'b': only one config file can be given\n" },
    { "create", 1, "", "command line: Domain name must be specified.\n" },
    { "create name=foo kernel=/k memory=64", 0, "", "fake: create foo\n" },
    { "create -p name=foo kernel=/k memory=64", 0, "", "fake: create foo paused\n" },
    { "create name=pv1 kernel=/k memory=64", 1, "", "xl: domain 'pv1' exists already\n" },
    { "create name=foo kernel=/k vif=1", 1, "",
      "command line:3:5: option 'vif': a list is wanted, not a single value\n" },
    { "create -n name=foo kernel=/k memory=64", 0, "{\n    \"domid\" : null,\n    \"config\" : {*",
      "" },
    { "-N create name=foo kernel=/k memory=64", 0, "{\n    \"domid\" : null,\n    \"config\" : {*",
      "" },
    { "create CFG", 0, "",
      "Parsing config from CFG\nCFG:4:1: warning: unknown option 'colour' is ignored\nfake: create "
      "cfg\n" },
    { "create -q CFG memory=99", 0, "", "fake: create cfg\n" },
    { "create CFG 'name=\"x\"; memory=\"y\"'", 1, "",
      "Parsing config from CFG\nCFG:4:1: warning: unknown option 'colour' is ignored\ncommand "
      "line:1:18: option 'memory': 'y' is not a valid number\n" },
};

static void assert_text(const char *command, const char *text, const char *expected)
{
    gsize len = expected ? strlen(expected) : 0;

    if (!expected)
        return;
    if (len && expected[len - 1] == '*') {
        if (strncmp(text, expected, len - 1) != 0)
            g_error("xl %s: '%s' does not begin with '%s'", command, text, expected);
        return;
    }
    if (strcmp(text, expected) != 0)
        g_error("xl %s: '%s' is not '%s'", command, text, expected);
}

static char *replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);

    return g_strjoinv(to, parts);
}

static void test_commands(void)
{
    g_autofree char *cfg = NULL;
    int fd = g_file_open_tmp("xl-XXXXXX", &cfg, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_file_set_contents(cfg, "name='cfg'\nkernel='/k'\nmemory=64\ncolour='red'", -1, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = replace(cases[i].command, "CFG", cfg);
        g_autofree char *line = g_strdup_printf("%s %s", XL, words);
        g_autofree char *err = cases[i].err ? replace(cases[i].err, "CFG", cfg) : NULL;
        g_autofree char *out = NULL;
        g_autofree char *said = NULL;
        g_autoptr(GError) error = NULL;
        int status = 0;

        g_assert_true(g_spawn_command_line_sync(line, &out, &said, &status, &error));
        g_assert_no_error(error);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != cases[i].status)
            g_error("xl %s: wait status %x, not exit %d: %s", cases[i].command, (guint)status,
                    cases[i].status, said);
        assert_text(cases[i].command, out, cases[i].out);
        if (strstr(words, "-vftT"))
            continue; /* time stamps */
        assert_text(cases[i].command, said, err);
    }
    g_unlink(cfg);
}

/* Each command that works stands in xl(1), as a heading. */
static void test_manual(void)
{
    g_autofree char *page = NULL;
    g_autofree char *list = NULL;
    g_auto(GStrv) lines = NULL;
    guint n = 0;

    g_assert_true(g_file_get_contents(XL_MANUAL, &page, NULL, NULL));
    g_assert_true(g_spawn_command_line_sync(XL " help --long", &list, NULL, NULL, NULL));
    lines = g_strsplit(list, "\n", -1);
    for (guint i = 4; *lines[i]; i++) {
        g_autofree char *heading =
            g_strdup_printf("**%.*s**", (int)strcspn(lines[i] + 1, " "), lines[i] + 1);

        if (lines[i][1] == ' ')
            continue; /* what a long name has left no room for */
        if (!strstr(page, heading))
            g_error("xl(1) has no %s", heading);
        n++;
    }
    g_assert_cmpuint(n, >=, 20);
}

static char *read_some(int fd, const char *until)
{
    GString *text = g_string_new(NULL);
    char block[256];
    ssize_t n;

    while (!strstr(text->str, until) && (n = read(fd, block, sizeof block)) > 0)
        g_string_append_len(text, block, n);
    return g_string_free(text, FALSE);
}

/* A guest on a pty: its output arrives, what is typed reaches it, its end ends the console. */
static void test_console(void)
{
    char name[64];
    int guest, slave;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_autoptr(GSubprocess) xl = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *seen = NULL;
    g_autofree char *typed = NULL;
    GInputStream *out;
    GOutputStream *in;
    char block[16] = "";
    gsize n;

    g_assert_cmpint(openpty(&guest, &slave, name, NULL, NULL), ==, 0);
    g_subprocess_launcher_setenv(launcher, "FAKE_TTY", name, TRUE);
    xl = g_subprocess_launcher_spawn(launcher, &error, XL, "console", "pv1", NULL);
    g_assert_no_error(error);
    in = g_subprocess_get_stdin_pipe(xl);
    out = g_subprocess_get_stdout_pipe(xl);
    g_assert_true(g_output_stream_write_all(in, "root\n", 5, NULL, NULL, NULL));
    typed = read_some(guest, "\n");
    g_assert_cmpstr(typed, ==, "root\n");
    close(slave);
    g_assert_cmpint(write(guest, "login: ", 7), ==, 7);
    g_assert_true(g_input_stream_read_all(out, block, 7, &n, NULL, NULL));
    g_assert_cmpstr(block, ==, "login: ");
    g_assert_true(g_output_stream_close(in, NULL, NULL)); /* the input's end is not the console's */
    g_assert_cmpint(write(guest, "more", 4), ==, 4);
    g_assert_true(g_input_stream_read_all(out, block, 4, &n, NULL, NULL));
    close(guest);
    g_assert_true(g_subprocess_wait(xl, NULL, &error));
    g_assert_cmpint(g_subprocess_get_exit_status(xl), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("LC_ALL", "C", TRUE);
    g_test_add_func("/xl/commands", test_commands);
    g_test_add_func("/xl/manual", test_manual);
    g_test_add_func("/xl/console", test_console);
    return g_test_run();
}
