/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of a domain's interfaces, as its networks' DHCP servers or the host's neighbour
 * table know them. */
#include "handler.h"

#include <string.h>

#include "command.h"
#include "network/leases.h"
#include "network/network.h"

enum { SOURCE_LEASE = 0, SOURCE_AGENT = 1, SOURCE_ARP = 2 }; /* virDomainInterfaceAddressesSource */
enum { ADDR_IPV4 = 0, ADDR_IPV6 = 1 };                       /* virIPAddrType */

/* An answer in the making: interfaces come one by one, each with its addresses. */
typedef struct {
    GByteArray *out;
    const DomainInterface *interface;
    guint n_interfaces, n_addresses;
    guint count_place; /* of the addresses of the present interface */
} Answer;

static void put_address(Answer *answer, const char *ip, guint prefix)
{
    if (answer->n_addresses == 0) {
        xdr_put_string(answer->out, answer->interface->target);
        xdr_put_optional_string(answer->out, answer->interface->mac);
        answer->count_place = xdr_put_count(answer->out);
        answer->n_interfaces++;
    }
    xdr_put_i32(answer->out, strchr(ip, ':') != NULL ? ADDR_IPV6 : ADDR_IPV4);
    xdr_put_string(answer->out, ip);
    xdr_put_u32(answer->out, prefix);
    xdr_set_u32(answer->out, answer->count_place, ++answer->n_addresses);
}

/* ---- leases ---- */

/* Also of interfaces that name the network's bridge themselves. */
static gboolean is_on(const DomainInterface *interface, const NetworkView *network)
{
    return network->active && interface->bridge != NULL &&
           g_strcmp0(interface->bridge, network->def->bridge) == 0;
}

static void put_leases(const Kanzend *kanzend, Answer *answer)
{
    g_autoptr(GPtrArray) networks = network_list(kanzend->networks);

    for (guint i = 0; i < networks->len; i++) {
        const NetworkView *network = networks->pdata[i];
        if (!is_on(answer->interface, network))
            continue;
        g_autoptr(GPtrArray) leases = network_leases(kanzend->networks, network->def);
        for (guint j = 0; j < leases->len; j++) {
            const Lease *lease = leases->pdata[j];
            if (g_strcmp0(lease->mac, answer->interface->mac) == 0)
                put_address(answer, lease->ip, lease->prefix);
        }
    }
}

/* ---- the neighbour table: lines "IP dev NAME lladdr MAC STATE" ---- */

static void put_neighbours(const char *table, Answer *answer)
{
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        guint n = g_strv_length(words);

        for (guint j = 1; j + 1 < n; j++)
            if (strcmp(words[j], "lladdr") == 0 &&
                g_ascii_strcasecmp(words[j + 1], answer->interface->mac) == 0)
                put_address(answer, words[0], 0);
    }
}

static gboolean check_source(guint32 source, GError **error)
{
    if (source == SOURCE_LEASE || source == SOURCE_ARP)
        return TRUE;
    if (source == SOURCE_AGENT)
        return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED, "QEMU guest agent is not configured");
    return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED, "Unknown IP address data source %u", source);
}

gboolean on_domain_interface_addresses(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *table = NULL;
    const char *argv[] = { "ip", "neigh", "show", NULL };
    guint32 source = call->args[1].u;
    Answer answer = { .out = call->ret };

    if (!check_flags(call, call->args[2].u, 0, error) || !call_view(call, &view, error) ||
        !check_active(&view, error) || !check_source(source, error))
        return FALSE;
    if (source == SOURCE_ARP && !command_run(argv, NULL, &table, error))
        return FALSE;

    const DomainDef *def = definition_def(view.live);
    guint place = xdr_put_count(call->ret);
    for (guint i = 0; i < def->interfaces->len; i++) {
        answer.interface = def->interfaces->pdata[i];
        answer.n_addresses = 0;
        if (answer.interface->target == NULL || answer.interface->mac == NULL)
            continue;
        if (source == SOURCE_LEASE)
            put_leases(kanzend, &answer);
        else
            put_neighbours(table, &answer);
    }
    xdr_set_u32(call->ret, place, answer.n_interfaces);
    return TRUE;
}
