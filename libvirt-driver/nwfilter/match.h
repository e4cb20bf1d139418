/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rule without variables as a line of ebtables or iptables. */
#pragma once

#include "filter-def.h"

G_BEGIN_DECLS

/* A chain of the bridge's rules. reversed: source and destination change places. FALSE: it cannot
 * be said so. */
gboolean nwfilter_match_ethernet(const NwfilterRule *rule, const char *chain, gboolean reversed,
                                 GPtrArray *lines, GError **error);

/* The lines a rule has in the chains of IPv4 or IPv6: in those of what comes from the guest, of
 * what goes to it, and of what comes from it to the host. */
void nwfilter_match_inet(const NwfilterRule *rule, const char *from_guest, const char *to_guest,
                         const char *to_host, GPtrArray *lines);

/* line is that of a rule so far: appends " OPTION VALUE", VALUE being that of an item. */
void nwfilter_append_value(GString *line, const NwfilterItem *item, gboolean hex);

G_END_DECLS
