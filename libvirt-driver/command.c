/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <gio/gio.h>
#include <string.h>

#include "handler-util.h"

/* Which Debian package has a tool that is missing. */
static const struct {
    const char *tool, *package;
} packages[] = {
    { "ip", "iproute2" },
    { "tc", "iproute2" },
    { "bridge", "iproute2" },
    { "dnsmasq", "dnsmasq-base" },
    { "iptables", "iptables" },
    { "iptables-save", "iptables" },
    { "iptables-restore", "iptables" },
    { "ip6tables", "iptables" },
    { "ip6tables-save", "iptables" },
    { "ip6tables-restore", "iptables" },
    { "ebtables-save", "iptables" },
    { "ebtables-restore", "iptables" },
    { "firewall-cmd", "firewalld" },
};

static gboolean fail_missing(const char *tool, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(packages); i++)
        if (strcmp(packages[i].tool, tool) == 0)
            return fail(error, VIR_ERR_INTERNAL_ERROR,
                        "there is no program '%s' (Debian package %s)", tool, packages[i].package);
    return fail(error, VIR_ERR_INTERNAL_ERROR, "there is no program '%s'", tool);
}

/* The last line that says what is wrong: iptables and its like end with where to get help. */
static const char *last_line(char *text)
{
    char *line;

    g_strchomp(text);
    while ((line = strrchr(text, '\n')) != NULL && g_str_has_prefix(line, "\nTry `"))
        *line = '\0';
    return line != NULL ? line + 1 : text;
}

gboolean command_run(const char *const *argv, const char *input, char **ret_output, GError **error)
{
    g_autofree char *program = g_find_program_in_path(argv[0]);
    g_autofree char *output = NULL;
    g_autofree char *errors = NULL;
    GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE |
                             (input != NULL ? G_SUBPROCESS_FLAGS_STDIN_PIPE : 0);

    if (program == NULL)
        return fail_missing(argv[0], error);
    g_autoptr(GSubprocess) process = g_subprocess_newv(argv, flags, error);
    if (process == NULL ||
        !g_subprocess_communicate_utf8(process, input, NULL, &output, &errors, error))
        return FALSE;
    if (!g_subprocess_get_successful(process)) {
        return fail(error, VIR_ERR_INTERNAL_ERROR, "'%s' failed: %s", argv[0],
                    last_line(*g_strstrip(errors) != '\0' ? errors : g_strstrip(output)));
    }
    if (ret_output != NULL)
        *ret_output = g_steal_pointer(&output);
    return TRUE;
}
