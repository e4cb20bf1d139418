/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of a domain's interfaces, as its networks' DHCP servers, the host's neighbour table
 * or its guest agent know them. */
#include <string.h>

#include "agent.h"
#include "command.h"
#include "network/leases.h"
#include "network/network.h"

enum { SOURCE_LEASE = 0, SOURCE_AGENT = 1, SOURCE_ARP = 2 }; /* virDomainInterfaceAddressesSource */
enum { ADDR_IPV4 = 0, ADDR_IPV6 = 1 };                       /* virIPAddrType */

/* Of interfaces, and of addresses of each: remote_protocol.x. */
#define MAX_LISTED 2048

/* An answer in the making: interfaces come one by one, each with its addresses. */
typedef struct {
    GByteArray *out;
    const DomainInterface *interface; /* of the definition; NULL: the guest's own names are used */
    guint n_interfaces, n_addresses;
    guint count_place; /* of the addresses of the present interface */
} Answer;

static void begin_interface(Answer *answer, const char *name, const char *mac)
{
    xdr_put_string(answer->out, name);
    xdr_put_optional_string(answer->out, mac);
    answer->count_place = xdr_put_count(answer->out);
    answer->n_addresses = 0;
    answer->n_interfaces++;
}

static void put_address(Answer *answer, const char *ip, guint prefix)
{
    if (answer->n_addresses == 0 && answer->interface != NULL)
        begin_interface(answer, answer->interface->target, answer->interface->mac);
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

/* ---- the guest agent ---- */

/* "eth0:1" is another address of eth0. */
static gsize base_len(const char *name)
{
    return strcspn(name, ":");
}

static gboolean same_base(const char *name, const char *other)
{
    return base_len(name) == base_len(other) && strncmp(name, other, base_len(name)) == 0;
}

static gboolean put_told_addresses(JsonObject *told, Answer *answer, GError **error)
{
    JsonArray *addresses = agent_objects(told, "ip-addresses");
    guint n = addresses != NULL ? json_array_get_length(addresses) : 0;

    for (guint i = 0; i < n; i++) {
        JsonObject *address = json_array_get_object_element(addresses, i);
        const char *ip = agent_text(address, "ip-address");

        if (ip == NULL)
            return fail(error, VIR_ERR_INTERNAL_ERROR,
                        "qemu agent didn't provide 'ip-address' of interface '%s'",
                        agent_text(told, "name"));
        if (answer->n_addresses == MAX_LISTED)
            return fail(error, VIR_ERR_RPC, "Number of addresses exceeds max limit: %d",
                        MAX_LISTED);
        put_address(answer, ip, (guint)agent_number(address, "prefix", 0));
    }
    return TRUE;
}

/* The interface of list's element first with all addresses of its name, unless an earlier element
 * had the name. */
static gboolean put_told(JsonArray *list, guint first, Answer *answer, GError **error)
{
    JsonObject *told = json_array_get_object_element(list, first);
    const char *name = agent_text(told, "name");
    g_autofree char *base = name != NULL ? g_strndup(name, base_len(name)) : NULL;

    if (name == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR,
                    "qemu agent didn't provide 'name' of an interface");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *other = json_array_get_object_element(list, i);
        const char *others = agent_text(other, "name");

        if (others == NULL || !same_base(name, others))
            continue;
        if (i < first)
            return TRUE;
        if (i == first)
            begin_interface(answer, base, agent_text(told, "hardware-address"));
        if (!put_told_addresses(other, answer, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean addresses_by_agent(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) told = NULL;
    Answer answer = { .out = call->ret };
    JsonArray *list;
    guint place;

    if (!agent_begin(call, &view, error))
        return FALSE;
    told = agent_ask(call, &view, "guest-network-get-interfaces", AGENT_OBJECTS, NULL, error);
    if (told == NULL)
        return FALSE;
    list = json_node_get_array(told);
    if (json_array_get_length(list) > MAX_LISTED)
        return fail(error, VIR_ERR_RPC, "Number of interfaces, %u exceeds the max limit: %d",
                    json_array_get_length(list), MAX_LISTED);
    place = xdr_put_count(call->ret);
    for (guint i = 0; i < json_array_get_length(list); i++)
        if (!put_told(list, i, &answer, error))
            return FALSE;
    xdr_set_u32(call->ret, place, answer.n_interfaces);
    return TRUE;
}

static gboolean check_source(guint32 source, GError **error)
{
    if (source == SOURCE_LEASE || source == SOURCE_ARP)
        return TRUE;
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

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (source == SOURCE_AGENT)
        return rpc_call_check_writable(call, error) && addresses_by_agent(call, error);
    if (!call_view(call, &view, error) || !check_active(&view, error) ||
        !check_source(source, error))
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
