/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chains.h"

#include <string.h>

#include "filter-def.h"
#include "handler-util.h"

#define CHAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_"

/* Ethertypes: linux/if_ether.h. BGA: the bridge group address, IEEE 802.1D 7.12.3. */
static const NwfilterChainKind kinds[] = {
    { NWFILTER_ROOT_CHAIN, 0, NULL, NULL },
    { "mac", -800, NULL, NULL },
    { "vlan", -750, "-p", "0x8100" },
    { "stp", 0, "-d", "01:80:c2:00:00:00" },
    { "arp", -500, "-p", "0x0806" },
    { "rarp", -400, "-p", "0x8035" },
    { "ipv4", -700, "-p", "0x0800" },
    { "ipv6", -600, "-p", "0x86dd" },
};

const NwfilterChainKind *nwfilter_chain_kind(const char *chain)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (i == 0 ? strcmp(chain, kinds[i].prefix) == 0 : g_str_has_prefix(chain, kinds[i].prefix))
            return &kinds[i];
    return NULL;
}

gboolean nwfilter_chain_check(const char *chain, GError **error)
{
    if (strlen(chain) > NWFILTER_CHAIN_MAX)
        return fail(error, VIR_ERR_INVALID_ARG, "Name of chain is longer than %u characters",
                    NWFILTER_CHAIN_MAX);
    if (chain[strspn(chain, CHAIN_CHARACTERS)] != '\0')
        return fail(error, VIR_ERR_INVALID_ARG, "Chain name contains invalid characters");
    if (nwfilter_chain_kind(chain) != NULL)
        return TRUE;
    return fail(error, VIR_ERR_INVALID_ARG,
                "Invalid chain name '%s'. Please use a chain name called '" NWFILTER_ROOT_CHAIN
                "' or any of the following prefixes: mac, vlan, stp, arp, rarp, ipv4, ipv6",
                chain);
}
