/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the xenstore wire protocol (xen/io/xs_wire.h), and cutting a stream of bytes into
 * them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint32 type; /* enum xsd_sockmsg_type */
    guint32 req_id;
    guint32 tx_id;
    gsize len;
    char *payload; /* len bytes and a NUL that does not count */
} XsMessage;

XsMessage *xs_message_new(guint32 type, guint32 req_id, guint32 tx_id, const void *payload,
                          gsize len);
XsMessage *xs_message_copy(const XsMessage *message);
void xs_message_free(XsMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XsMessage, xs_message_free)

/* XS_ERROR with the errno's name, as xs_wire.h lists them. */
XsMessage *xs_message_new_error(const XsMessage *request, int errnum);
gboolean xs_message_is_error(const XsMessage *message);
/* The nth NUL-terminated string of the payload, or NULL. */
const char *xs_message_string(const XsMessage *message, guint n);

/* Appends the message as bytes of the wire. */
void xs_message_write(const XsMessage *message, GByteArray *bytes);

/* Takes the first message out of bytes. NULL: none is complete; *ret_bad: what is there cannot
 * become one. */
XsMessage *xs_message_take(GByteArray *bytes, gboolean *ret_bad);

G_END_DECLS
