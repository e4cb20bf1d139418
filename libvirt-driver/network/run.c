/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run.h"

#include "bridge.h"
#include "command.h"
#include "firewall.h"
#include "handler-util.h"
#include "traffic.h"

typedef struct {
    const DnsmasqDirs *dirs;
    const NetworkDef *def;
} Run;

static gboolean do_bridge(const Run *run, GError **error)
{
    return bridge_add(run->def, error);
}

static void undo_bridge(const Run *run)
{
    bridge_remove(run->def);
}

static gboolean do_zone(const Run *run, GError **error)
{
    g_autofree char *zone = g_strconcat("--zone=", run->def->zone, NULL);
    g_autofree char *interface = g_strconcat("--change-interface=", run->def->bridge, NULL);
    const char *argv[] = { "firewall-cmd", zone, interface, NULL };
    g_autoptr(GError) why = NULL;

    if (run->def->zone == NULL || command_run(argv, NULL, NULL, &why))
        return TRUE;
    return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                "zone %s requested for network %s but firewalld does not serve it: %s",
                run->def->zone, run->def->name, why->message);
}

static gboolean do_firewall(const Run *run, GError **error)
{
    if (firewall_add(run->def, error))
        return TRUE;
    g_prefix_error(error, "cannot set up the firewall of network '%s': ", run->def->name);
    return FALSE;
}

static void undo_firewall(const Run *run)
{
    firewall_remove(run->def);
}

static gboolean do_forwarding(const Run *run, GError **error)
{
    return bridge_enable_forwarding(run->def, error);
}

/* Seen from the bridge: what comes in for the guests goes into it. */
static gboolean do_traffic(const Run *run, GError **error)
{
    return (run->def->inbound == NULL && run->def->outbound == NULL) ||
           traffic_limit(run->def->bridge, run->def->inbound, run->def->outbound, error);
}

static gboolean do_dnsmasq(const Run *run, GError **error)
{
    pid_t pid;

    return dnsmasq_start(run->dirs, run->def, &pid, error);
}

static void undo_dnsmasq(const Run *run)
{
    dnsmasq_stop(run->dirs, run->def);
}

static const struct {
    gboolean (*make)(const Run *run, GError **error);
    void (*undo)(const Run *run); /* NULL: it goes with the bridge, or stays */
} steps[] = {
    { do_bridge, undo_bridge }, { do_zone, NULL },    { do_firewall, undo_firewall },
    { do_forwarding, NULL },    { do_traffic, NULL }, { do_dnsmasq, undo_dnsmasq },
};

static void undo_steps(const Run *run, guint n)
{
    for (; n > 0; n--)
        if (steps[n - 1].undo != NULL)
            steps[n - 1].undo(run);
}

gboolean network_run_check(const NetworkDef *def, GError **error)
{
    return !network_def_is_virtual(def) ||
           (bridge_check_free(def, error) && bridge_check_clash(def, error));
}

gboolean network_run_start(const DnsmasqDirs *dirs, const NetworkDef *def, GError **error)
{
    const Run run = { dirs, def };

    if (!network_def_is_virtual(def))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (steps[i].make(&run, error))
            continue;
        undo_steps(&run, i);
        return FALSE;
    }
    return TRUE;
}

void network_run_stop(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    const Run run = { dirs, def };

    if (network_def_is_virtual(def))
        undo_steps(&run, G_N_ELEMENTS(steps));
}

gboolean network_run_is_up(const NetworkDef *def)
{
    return !network_def_is_virtual(def) || bridge_exists(def->bridge);
}

gboolean network_run_update(const DnsmasqDirs *dirs, const NetworkDef *from, const NetworkDef *to,
                            GError **error)
{
    pid_t pid;

    if (!network_def_is_virtual(to))
        return TRUE;
    if (from->interfaces->len != to->interfaces->len) {
        firewall_remove(from);
        if (!firewall_add(to, error)) {
            firewall_add(from, NULL);
            return FALSE;
        }
    }
    return dnsmasq_update(dirs, to, &pid, error);
}
