/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bandwidth of an interface of the host, through tc(8). */
#pragma once

#include <domain-xml.h>

G_BEGIN_DECLS

/* to_dev limits what the host sends into it, from_dev what comes out of it; either may be NULL.
 * What was set before is replaced. */
gboolean traffic_limit(const char *dev, const DomainBandwidth *to_dev,
                       const DomainBandwidth *from_dev, GError **error);
void traffic_unlimit(const char *dev);

G_END_DECLS
