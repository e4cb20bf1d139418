/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the errors of the libraries below look to a libvirt client: one row per code. */
#include "kanzend.h"

#include <domain-xml.h>
#include <errno.h>
#include <gio/gio.h>

#include "network/update.h"

typedef struct {
    VirErrorCode code;
    int sys_errno;     /* for VIR_ERR_SYSTEM_ERROR: what the client finds in int1 */
    VirErrorFrom from; /* of a domain's definition: not VIR_FROM_DOMAIN */
} Row;

static const Row kxl_rows[KXL_ERROR_COUNT] = {
    [KXL_ERROR_FAILED] = { VIR_ERR_OPERATION_FAILED },
    [KXL_ERROR_INVALID] = { VIR_ERR_INVALID_ARG },
    [KXL_ERROR_SYNTAX] = { VIR_ERR_CONF_SYNTAX },
    [KXL_ERROR_UNSUPPORTED] = { VIR_ERR_CONFIG_UNSUPPORTED },
    /* The domain was looked up before; what is not there is its machine: it has just ended. */
    [KXL_ERROR_NO_DOMAIN] = { VIR_ERR_OPERATION_INVALID },
    [KXL_ERROR_EXISTS] = { VIR_ERR_OPERATION_FAILED },
    [KXL_ERROR_IN_USE] = { VIR_ERR_RESOURCE_BUSY },
    [KXL_ERROR_NOT_FOUND] = { VIR_ERR_SYSTEM_ERROR, ENOENT },
    [KXL_ERROR_NO_MEMORY] = { VIR_ERR_OPERATION_FAILED },
    [KXL_ERROR_STATE] = { VIR_ERR_OPERATION_INVALID },
    [KXL_ERROR_TIMEOUT] = { VIR_ERR_OPERATION_TIMEOUT },
    [KXL_ERROR_PERMISSION] = { VIR_ERR_SYSTEM_ERROR, EACCES },
    [KXL_ERROR_NO_DEVICE] = { VIR_ERR_DEVICE_MISSING },
    [KXL_ERROR_START_FAILED] = { VIR_ERR_INTERNAL_ERROR },
};

static const Row domain_xml_rows[DOMAIN_XML_ERROR_COUNT] = {
    [DOMAIN_XML_ERROR_SYNTAX] = { VIR_ERR_XML_ERROR },
    [DOMAIN_XML_ERROR_DETAIL] = { VIR_ERR_XML_DETAIL },
    [DOMAIN_XML_ERROR_UNSUPPORTED] = { VIR_ERR_CONFIG_UNSUPPORTED },
    [DOMAIN_XML_ERROR_CONF_SYNTAX] = { VIR_ERR_CONF_SYNTAX, .from = VIR_FROM_CONF },
    [DOMAIN_XML_ERROR_CONF_VALUE] = { VIR_ERR_INTERNAL_ERROR, .from = VIR_FROM_XEN },
    [DOMAIN_XML_ERROR_INVALID_ARG] = { VIR_ERR_INVALID_ARG, .from = VIR_FROM_LIBXL },
    [DOMAIN_XML_ERROR_SCHEMA] = { VIR_ERR_XML_INVALID_SCHEMA },
    [DOMAIN_XML_ERROR_NO_NAME] = { VIR_ERR_NO_NAME },
    [DOMAIN_XML_ERROR_NO_TARGET] = { VIR_ERR_NO_TARGET },
};

static const Row network_update_rows[] = {
    [NETWORK_UPDATE_ERROR_INVALID] = { VIR_ERR_OPERATION_INVALID },
    [NETWORK_UPDATE_ERROR_UNSUPPORTED] = { VIR_ERR_OPERATION_UNSUPPORTED },
    [NETWORK_UPDATE_ERROR_ARGUMENT] = { VIR_ERR_INVALID_ARG },
};

static void apply(const Row *rows, guint n_rows, const GError *error, RpcWireError *wire)
{
    Row row = { VIR_ERR_INTERNAL_ERROR };

    if (error->code >= 0 && (guint)error->code < n_rows)
        row = rows[error->code];
    wire->code = row.code;
    if (row.from != VIR_FROM_NONE)
        wire->from = row.from;
    if (row.sys_errno != 0)
        wire->int1 = row.sys_errno;
}

gboolean kanzend_map_error(const GError *error, RpcWireError *wire)
{
    if (error->domain == KXL_ERROR) {
        apply(kxl_rows, G_N_ELEMENTS(kxl_rows), error, wire);
        return TRUE;
    }
    if (error->domain == DOMAIN_XML_ERROR) {
        if (wire->from == VIR_FROM_LIBXL)
            wire->from = VIR_FROM_DOMAIN;
        apply(domain_xml_rows, G_N_ELEMENTS(domain_xml_rows), error, wire);
        return TRUE;
    }
    if (error->domain == NETWORK_UPDATE_ERROR) {
        apply(network_update_rows, G_N_ELEMENTS(network_update_rows), error, wire);
        return TRUE;
    }
    if (error->domain == G_IO_ERROR || error->domain == G_FILE_ERROR) {
        wire->code = VIR_ERR_SYSTEM_ERROR;
        return TRUE;
    }
    return FALSE;
}
