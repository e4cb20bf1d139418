/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net-update: one change of one part of a definition. */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

typedef enum { /* virNetworkUpdateCommand */
    NETWORK_UPDATE_NONE,
    NETWORK_UPDATE_MODIFY,
    NETWORK_UPDATE_DELETE,
    NETWORK_UPDATE_ADD_LAST,
    NETWORK_UPDATE_ADD_FIRST,
} NetworkUpdateCommand;

typedef enum { /* virNetworkUpdateSection */
    NETWORK_SECTION_NONE,
    NETWORK_SECTION_BRIDGE,
    NETWORK_SECTION_DOMAIN,
    NETWORK_SECTION_IP,
    NETWORK_SECTION_IP_DHCP_HOST,
    NETWORK_SECTION_IP_DHCP_RANGE,
    NETWORK_SECTION_FORWARD,
    NETWORK_SECTION_FORWARD_INTERFACE,
    NETWORK_SECTION_FORWARD_PF,
    NETWORK_SECTION_PORTGROUP,
    NETWORK_SECTION_DNS_HOST,
    NETWORK_SECTION_DNS_TXT,
    NETWORK_SECTION_DNS_SRV,
    NETWORK_SECTION_COUNT
} NetworkUpdateSection;

/* An update that does not fit the network. The errors of domain-xml are about the XML itself. */
#define NETWORK_UPDATE_ERROR (network_update_error_quark())
GQuark network_update_error_quark(void);
typedef enum {
    NETWORK_UPDATE_ERROR_INVALID,     /* VIR_ERR_OPERATION_INVALID */
    NETWORK_UPDATE_ERROR_UNSUPPORTED, /* VIR_ERR_OPERATION_UNSUPPORTED */
    NETWORK_UPDATE_ERROR_ARGUMENT,    /* VIR_ERR_INVALID_ARG */
} NetworkUpdateErrorCode;

/* Changes def; when it fails, def is as it was. parent_index: which <ip>, or -1. */
gboolean network_def_update(NetworkDef *def, guint command, guint section, int parent_index,
                            const char *xml, GError **error);

G_END_DECLS
