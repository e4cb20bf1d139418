/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* polkit_check() with a stand-in for polkit on a bus of the test's own. */
#include "auth/polkit.h"

#include <string.h>
#include <unistd.h>

#include "rpc/error.h"

static const char interface_xml[] =
    "<node><interface name='org.freedesktop.PolicyKit1.Authority'>"
    "<method name='CheckAuthorization'>"
    "<arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='a{ss}' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='(bba{ss})' direction='out'/>"
    "</method></interface></node>";

/* What it says next; and what it was asked. */
typedef struct {
    gboolean yes, challenge, dismissed, broken;
    char *action;
    guint32 pid;
    gint32 uid;
    guint64 start_time;
} Polkit;

static Polkit polkit;

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *args,
                    GDBusMethodInvocation *invocation, gpointer unused)
{
    g_autoptr(GVariant) subject = NULL;
    GVariantBuilder details;
    const char *kind;
    guint32 flags;

    g_free(polkit.action);
    g_variant_get(args, "((&s@a{sv})s@a{ss}u&s)", &kind, &subject, &polkit.action, NULL, &flags,
                  NULL);
    g_assert_cmpstr(kind, ==, "unix-process");
    g_assert_cmpuint(flags, ==, 1);
    g_assert_true(g_variant_lookup(subject, "pid", "u", &polkit.pid));
    g_assert_true(g_variant_lookup(subject, "uid", "i", &polkit.uid));
    g_assert_true(g_variant_lookup(subject, "start-time", "t", &polkit.start_time));
    if (polkit.broken) {
        g_dbus_method_invocation_return_dbus_error(invocation, "org.freedesktop.PolicyKit1.Error",
                                                   "out of order");
        return;
    }
    g_variant_builder_init(&details, G_VARIANT_TYPE("a{ss}"));
    if (polkit.dismissed)
        g_variant_builder_add(&details, "{ss}", "polkit.dismissed", "true");
    g_dbus_method_invocation_return_value(
        invocation, g_variant_new("((bba{ss}))", polkit.yes, polkit.challenge, &details));
}

static const GDBusInterfaceVTable vtable = { .method_call = on_call };

/* ---- its thread: the call under test blocks ---- */

typedef struct {
    GMainLoop *loop;
    GMutex lock;
    GCond cond;
    gboolean ready;
} Service;

static void on_name(GDBusConnection *bus, const char *name, gpointer data)
{
    Service *service = data;

    g_mutex_lock(&service->lock);
    service->ready = TRUE;
    g_cond_signal(&service->cond);
    g_mutex_unlock(&service->lock);
}

static gpointer serve(gpointer data)
{
    Service *service = data;
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GDBusConnection) bus = NULL;
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(interface_xml, NULL);
    guint name;

    g_main_context_push_thread_default(context);
    service->loop = g_main_loop_new(context, FALSE);
    bus = g_dbus_connection_new_for_address_sync(g_getenv("DBUS_SYSTEM_BUS_ADDRESS"),
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                 NULL, NULL, NULL);
    g_assert_nonnull(bus);
    g_assert_cmpuint(g_dbus_connection_register_object(bus, "/org/freedesktop/PolicyKit1/Authority",
                                                       node->interfaces[0], &vtable, NULL, NULL,
                                                       NULL),
                     >, 0);
    name = g_bus_own_name_on_connection(bus, "org.freedesktop.PolicyKit1",
                                        G_BUS_NAME_OWNER_FLAGS_NONE, on_name, NULL, service, NULL);
    g_main_loop_run(service->loop);
    g_bus_unown_name(name);
    g_main_context_pop_thread_default(context);
    return NULL;
}

/* ---- the cases ---- */

static void assert_refused(int code, const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(polkit_check(getpid(), getuid(), POLKIT_MANAGE, &error));
    g_assert_error(error, VIR_ERROR, code);
    g_assert_nonnull(strstr(error->message, words));
}

static void test_answers(void)
{
    g_autoptr(GError) error = NULL;

    polkit.yes = TRUE;
    g_assert_true(polkit_check(getpid(), getuid(), POLKIT_MONITOR, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(polkit.action, ==, "org.libvirt.unix.monitor");
    g_assert_cmpuint(polkit.pid, ==, (guint32)getpid());
    g_assert_cmpint(polkit.uid, ==, (gint32)getuid());
    g_assert_cmpuint(polkit.start_time, >, 0);

    polkit.yes = FALSE;
    assert_refused(VIR_ERR_AUTH_FAILED, "polkit does not let user");
    g_assert_cmpstr(polkit.action, ==, "org.libvirt.unix.manage");
    polkit.challenge = TRUE;
    assert_refused(VIR_ERR_AUTH_UNAVAILABLE, "no polkit agent");
    polkit.dismissed = TRUE;
    assert_refused(VIR_ERR_AUTH_CANCELLED, "dismissed");
    polkit.broken = TRUE;
    assert_refused(VIR_ERR_AUTH_UNAVAILABLE, "out of order");
}

static void test_process_is_gone(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(polkit_check(G_MAXINT, getuid(), POLKIT_MANAGE, &error));
    g_assert_error(error, VIR_ERROR, VIR_ERR_AUTH_FAILED);
}

int main(int argc, char **argv)
{
    g_autoptr(GTestDBus) bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    Service service = { 0 };
    GThread *thread;
    int status;

    g_test_init(&argc, &argv, NULL);
    g_mutex_init(&service.lock);
    g_cond_init(&service.cond);
    g_test_dbus_up(bus);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address(bus), TRUE);
    thread = g_thread_new("polkit", serve, &service);
    g_mutex_lock(&service.lock);
    while (!service.ready)
        g_cond_wait(&service.cond, &service.lock);
    g_mutex_unlock(&service.lock);

    g_test_add_func("/polkit/answers", test_answers);
    g_test_add_func("/polkit/process-is-gone", test_process_is_gone);
    status = g_test_run();

    g_main_loop_quit(service.loop);
    g_thread_join(thread);
    g_main_loop_unref(service.loop);
    g_free(polkit.action);
    g_test_dbus_stop(bus); /* the shared connection to it stays until the process ends */
    return status;
}
