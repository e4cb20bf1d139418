/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "polkit.h"

#include <string.h>

#include "handler-util.h"

#define NAME      "org.freedesktop.PolicyKit1"
#define PATH      "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define ALLOW_INTERACTION 1u           /* CheckAuthorizationFlags */
#define ANSWER_MS         (120 * 1000) /* a password takes its time */

/* In ticks since the boot, proc(5) field 22: with it a pid means one process only. */
static gboolean get_start_time(pid_t pid, guint64 *ret_time, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *stat = NULL;
    g_auto(GStrv) fields = NULL;
    const char *behind_name;

    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return fail(error, VIR_ERR_AUTH_FAILED, "the client's process %d is gone", (int)pid);
    behind_name = strrchr(stat, ')'); /* a name may have blanks and parentheses */
    if (behind_name != NULL)
        fields = g_strsplit(behind_name + 1, " ", 23);
    if (fields == NULL || g_strv_length(fields) < 21)
        return fail(error, VIR_ERR_AUTH_FAILED, "'%s' cannot be read", path);
    *ret_time = g_ascii_strtoull(fields[20], NULL, 10); /* "" and then fields 3 on */
    return TRUE;
}

static GVariant *make_question(pid_t pid, uid_t uid, guint64 start_time, const char *action)
{
    GVariantBuilder details;

    g_variant_builder_init(&details, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&details, "{sv}", "pid", g_variant_new_uint32((guint32)pid));
    g_variant_builder_add(&details, "{sv}", "start-time", g_variant_new_uint64(start_time));
    g_variant_builder_add(&details, "{sv}", "uid", g_variant_new_int32((gint32)uid));
    return g_variant_new("((sa{sv})sa{ss}us)", "unix-process", &details, action, NULL,
                         ALLOW_INTERACTION, "");
}

static GVariant *ask(GVariant *question, GError **error)
{
    g_autoptr(GError) wrong = NULL;
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &wrong);
    GVariant *answer = NULL;

    g_variant_ref_sink(question);
    if (bus != NULL) {
        g_dbus_connection_set_exit_on_close(bus, FALSE);
        answer = g_dbus_connection_call_sync(bus, NAME, PATH, INTERFACE, "CheckAuthorization",
                                             question, G_VARIANT_TYPE("((bba{ss}))"),
                                             G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, &wrong);
    }
    g_variant_unref(question);
    if (answer == NULL)
        fail(error, VIR_ERR_AUTH_UNAVAILABLE, "polkit cannot be asked: %s", wrong->message);
    return answer;
}

gboolean polkit_check(pid_t pid, uid_t uid, const char *action, GError **error)
{
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GVariant) details = NULL;
    gboolean yes, challenge;
    const char *dismissed = NULL;
    guint64 start_time = 0;

    if (!get_start_time(pid, &start_time, error))
        return FALSE;
    answer = ask(make_question(pid, uid, start_time, action), error);
    if (answer == NULL)
        return FALSE;
    g_variant_get(answer, "((bb@a{ss}))", &yes, &challenge, &details);
    if (yes)
        return TRUE;
    if (g_variant_lookup(details, "polkit.dismissed", "&s", &dismissed))
        return fail(error, VIR_ERR_AUTH_CANCELLED, "the question for '%s' was dismissed", action);
    if (challenge)
        return fail(error, VIR_ERR_AUTH_UNAVAILABLE,
                    "no polkit agent available to authenticate action '%s'", action);
    return fail(error, VIR_ERR_AUTH_FAILED, "polkit does not let user %d do '%s'", (int)uid,
                action);
}
