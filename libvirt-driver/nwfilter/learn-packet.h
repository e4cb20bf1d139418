/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one packet tells about its guest's address. Pure. */
#pragma once

#include <glib.h>

#include "rules.h"

G_BEGIN_DECLS

typedef enum {
    NWFILTER_SEEN_NOTHING,
    NWFILTER_SEEN_USED,     /* the guest sends from it */
    NWFILTER_SEEN_LEASED,   /* a DHCP server has given it to the guest */
    NWFILTER_SEEN_RELEASED, /* the guest has given it back */
} NwfilterSeen;

typedef struct {
    NwfilterSeen seen;
    char ip[16];     /* of IPv4, with its NUL */
    guint32 lease_s; /* LEASED: for how long; G_MAXUINT32: for ever */
} NwfilterSighting;

/* frame: from its Ethernet header on. to_guest: which way it passed the guest's interface. */
NwfilterSighting nwfilter_packet_look(const guint8 *frame, gsize length, const guint8 *mac,
                                      gboolean to_guest, NwfilterLearning learning);

G_END_DECLS
