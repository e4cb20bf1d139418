/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <interface type='network'>: what only names a network gets a port of it, and its bridge. */
#pragma once

#include <domain-xml.h>

#include "kanzend.h"

G_BEGIN_DECLS

/* Plugs one interface of a domain in: it gets bridge, port, and what network and port group say of
 * VLAN, bandwidth, isolation. The others are left alone. */
gboolean plug_interface(NetworkRegistry *networks, const DomainDef *owner,
                        DomainInterface *interface, GError **error);
/* For what is to be said of a domain only: the bridges of its interfaces' networks, no ports. */
gboolean name_bridges(NetworkRegistry *networks, DomainDef *def, GError **error);
/* An interface that is to take the place of `before`, and is of the same network or, as its live
 * XML says it, in the same place: it gets what that has of the network. FALSE: it is to move. */
gboolean stay_plugged(const DomainInterface *before, DomainInterface *interface);
/* All of a domain's; none is left plugged when it fails. */
gboolean plug_interfaces(NetworkRegistry *networks, DomainDef *def, GError **error);
/* Displays that listen on a network get the host's address in it. */
gboolean place_displays(NetworkRegistry *networks, DomainDef *def, GError **error);
void unplug_interfaces(NetworkRegistry *networks, const DomainDef *def);
/* In a worker thread, when that suits it. */
void unplug_interfaces_later(NetworkRegistry *networks, RpcServer *server, const DomainDef *def);

G_END_DECLS
