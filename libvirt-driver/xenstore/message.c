/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <errno.h>
#include <string.h>
#include <stdint.h> /* for the next */
#include <xen/io/xs_wire.h>

XsMessage *xs_message_new(guint32 type, guint32 req_id, guint32 tx_id, const void *payload,
                          gsize len)
{
    XsMessage *message = g_new0(XsMessage, 1);

    message->type = type;
    message->req_id = req_id;
    message->tx_id = tx_id;
    message->len = len;
    message->payload = g_malloc0(len + 1);
    if (len > 0)
        memcpy(message->payload, payload, len);
    return message;
}

XsMessage *xs_message_copy(const XsMessage *message)
{
    return xs_message_new(message->type, message->req_id, message->tx_id, message->payload,
                          message->len);
}

void xs_message_free(XsMessage *message)
{
    if (message == NULL)
        return;
    g_free(message->payload);
    g_free(message);
}

XsMessage *xs_message_new_error(const XsMessage *request, int errnum)
{
    const char *name = "EINVAL";

    for (gsize i = 0; i < G_N_ELEMENTS(xsd_errors); i++) {
        if (xsd_errors[i].errnum == errnum)
            name = xsd_errors[i].errstring;
    }
    return xs_message_new(XS_ERROR, request->req_id, request->tx_id, name, strlen(name) + 1);
}

gboolean xs_message_is_error(const XsMessage *message)
{
    return message->type == XS_ERROR;
}

const char *xs_message_string(const XsMessage *message, guint n)
{
    const char *p = message->payload, *end = p + message->len;

    for (;; n--) {
        const char *nul = memchr(p, '\0', (gsize)(end - p));

        if (nul == NULL)
            return NULL;
        if (n == 0)
            return p;
        p = nul + 1;
    }
}

void xs_message_write(const XsMessage *message, GByteArray *bytes)
{
    struct xsd_sockmsg hdr = { message->type, message->req_id, message->tx_id,
                               (guint32)message->len };

    g_byte_array_append(bytes, (const guint8 *)&hdr, sizeof(hdr));
    g_byte_array_append(bytes, (const guint8 *)message->payload, (guint)message->len);
}

XsMessage *xs_message_take(GByteArray *bytes, gboolean *ret_bad)
{
    struct xsd_sockmsg hdr;
    XsMessage *message;

    *ret_bad = FALSE;
    if (bytes->len < sizeof(hdr))
        return NULL;
    memcpy(&hdr, bytes->data, sizeof(hdr));
    if (hdr.len > XENSTORE_PAYLOAD_MAX) {
        *ret_bad = TRUE;
        return NULL;
    }
    if (bytes->len < sizeof(hdr) + hdr.len)
        return NULL;
    message = xs_message_new(hdr.type, hdr.req_id, hdr.tx_id, bytes->data + sizeof(hdr), hdr.len);
    g_byte_array_remove_range(bytes, 0, sizeof(hdr) + hdr.len);
    return message;
}
