/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that the firewall is told for one interface: for each layer its chains and the lines in them,
 * as ebtables-restore(8) and iptables-restore(8) read them. The names of chains are libvirt's, so
 * that what people know of its hosts holds here.
 */
#pragma once

#include "tree.h"

G_BEGIN_DECLS

typedef struct {
    char *ifname;
    GPtrArray *chains[NWFILTER_N_LAYERS]; /* of names */
    GPtrArray *lines[NWFILTER_N_LAYERS];  /* "-A CHAIN ... -j TARGET" */
} NwfilterRules;

/* The rules of a filter's tree, whose variables all have values. NULL: one of them cannot be
 * said. */
NwfilterRules *nwfilter_rules_new(const char *ifname, const GPtrArray *instances, GError **error);

typedef enum {
    NWFILTER_LEARN_NONE,
    NWFILTER_LEARN_ANY,  /* the first address that the guest uses, or is given by DHCP */
    NWFILTER_LEARN_DHCP, /* those that it is given by DHCP, for as long as it may use them */
} NwfilterLearning;

/* What a guest may do whose address is not known yet: what it takes to find that out. servers: of
 * strings, the DHCP servers it may hear; NULL: any. */
NwfilterRules *nwfilter_rules_new_learning(const char *ifname, const char *mac,
                                           NwfilterLearning learning, const GPtrArray *servers);

void nwfilter_rules_free(NwfilterRules *rules); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterRules, nwfilter_rules_free)

/* "libvirt-I-vnet0": what comes from the guest ('I', into the host), what goes to it ('O'). */
char *nwfilter_root_chain(char direction, const char *ifname);

G_END_DECLS
