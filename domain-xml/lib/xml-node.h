/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements that are kept as they were written: metadata and the like. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* A copy without document that declares every namespace it uses itself; comments and white space
 * between elements are gone. */
xmlNodePtr xml_node_dup(xmlNodePtr node);
void xml_node_free(gpointer node); /* NULL-safe */
/* Appends it indented. quote: around attribute values; libvirt's are single ones except in
 * metadata. */
void xml_node_format(xmlNodePtr node, guint indent, char quote, GString *out);

/* Key a table knows an element by: its name, with libvirt's prefix when it is in one of libvirt's
 * own namespaces
 * ("xen:commandline"); NULL for elements of foreign namespaces. */
typedef struct {
    const char *prefix; /* "xen", or NULL */
    const char *name;
} XmlNodeKey;
gboolean xml_node_get_key(xmlNodePtr node, XmlNodeKey *ret_key);
/* The URI behind a prefix of XmlNodeKey. */
const char *xml_node_prefix_uri(const char *prefix);

G_END_DECLS
