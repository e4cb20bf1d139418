/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line a lease: EXPIRY MAC IP NAME CLIENT-ID. Behind a line "duid SERVER-ID" follow those of
 * IPv6: EXPIRY IAID IP NAME DUID. "*" stands for what is not known.
 */
#include "leases.h"

#include <string.h>

enum { FIELD_EXPIRY, FIELD_MAC, FIELD_IP, FIELD_NAME, FIELD_ID, N_FIELDS };

/* DUID-LLT and DUID-LL of Ethernet end with the MAC address: RFC 8415, 11.2 and 11.4. */
#define DUID_LLT "00:01:00:01:"
#define DUID_LL  "00:03:00:01:"
#define DUID_LLT_TIME_CHARS 12 /* "xx:xx:xx:xx:" */

static void lease_free(gpointer data)
{
    Lease *lease = data;

    g_free(lease->mac);
    g_free(lease->iaid);
    g_free(lease->ip);
    g_free(lease->hostname);
    g_free(lease->clientid);
    g_free(lease);
}

static char *known(const char *field)
{
    return strcmp(field, "*") == 0 ? NULL : g_strdup(field);
}

static char *duid_mac(const char *duid)
{
    if (g_str_has_prefix(duid, DUID_LL))
        return inet_mac_normal(duid + strlen(DUID_LL));
    if (g_str_has_prefix(duid, DUID_LLT) && strlen(duid) > strlen(DUID_LLT) + DUID_LLT_TIME_CHARS)
        return inet_mac_normal(duid + strlen(DUID_LLT) + DUID_LLT_TIME_CHARS);
    return NULL;
}

/* Hardware of another type than Ethernet stands before the address: "06-xx:...". */
static char *field_mac(const char *field)
{
    const char *dash = strchr(field, '-');

    return inet_mac_normal(dash != NULL ? dash + 1 : field);
}

static guint find_prefix(const NetworkDef *def, const InetAddress *address)
{
    for (guint i = 0; i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        InetAddress own;

        inet_parse(ip->address, &own);
        if (inet_in_network(address, &own, network_ip_prefix(ip)))
            return network_ip_prefix(ip);
    }
    return 0;
}

static Lease *parse_line(const char *line, const NetworkDef *def, gint64 now)
{
    g_auto(GStrv) fields = g_strsplit(line, " ", N_FIELDS);
    InetAddress address;
    gint64 expiry;

    if (g_strv_length(fields) < N_FIELDS ||
        !g_ascii_string_to_signed(fields[FIELD_EXPIRY], 10, 0, G_MAXINT64, &expiry, NULL) ||
        !inet_parse(fields[FIELD_IP], &address) || (expiry != 0 && expiry < now))
        return NULL;
    Lease *lease = g_new0(Lease, 1);
    lease->expiry = expiry;
    lease->is_v6 = address.family == AF_INET6;
    lease->ip = g_strdup(fields[FIELD_IP]);
    lease->prefix = find_prefix(def, &address);
    lease->hostname = known(fields[FIELD_NAME]);
    lease->clientid = known(fields[FIELD_ID]);
    if (lease->is_v6) {
        lease->iaid = g_strdup(fields[FIELD_MAC]);
        lease->mac = duid_mac(fields[FIELD_ID]);
    } else {
        lease->mac = field_mac(fields[FIELD_MAC]);
    }
    return lease;
}

GPtrArray *leases_parse(const char *text, const NetworkDef *def, gint64 now)
{
    GPtrArray *leases = g_ptr_array_new_with_free_func(lease_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        Lease *lease = parse_line(lines[i], def, now);
        if (lease != NULL)
            g_ptr_array_add(leases, lease);
    }
    return leases;
}
