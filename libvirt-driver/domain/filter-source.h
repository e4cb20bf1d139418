/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <filterref> of a domain's interfaces: the filter's rules, for as long as the interface is
 * there. */
#pragma once

#include <domain-xml.h>

#include "kanzend.h"

G_BEGIN_DECLS

/*
 * Gives an interface with a filterref its rules, before it is there. One without a name of its own
 * gets one that stays when the domain reboots, because rules go by names: the next machine's
 * interface is filtered from its first packet on, whoever starts it. The others are left alone.
 */
gboolean filter_interface(NwfilterRegistry *nwfilters, const DomainDef *owner,
                          DomainInterface *interface, GError **error);
/* All of a domain's; none has rules when it fails. */
gboolean filter_interfaces(NwfilterRegistry *nwfilters, DomainDef *def, GError **error);
/* The interface's rules become those of its filterref, which another had (or none) before. */
gboolean refilter_interface(NwfilterRegistry *nwfilters, const DomainDef *owner,
                            const DomainInterface *before, DomainInterface *interface,
                            GError **error);
void unfilter_interface(NwfilterRegistry *nwfilters, const DomainInterface *interface);
void unfilter_interfaces(NwfilterRegistry *nwfilters, const DomainDef *def);
/* In a worker thread, when that suits it. */
void unfilter_interfaces_later(NwfilterRegistry *nwfilters, RpcServer *server,
                               const DomainDef *def);

G_END_DECLS
