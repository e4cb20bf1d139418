/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading small XML documents: paths of element names, and sizes with units. */
#pragma once

#include <glib.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* Parses text, whose root must be an element of that name; VIR_ERR_XML_DETAIL when it is no
 * XML, VIR_ERR_XML_ERROR when it is another's. */
xmlDocPtr xml_parse(const char *text, const char *root, GError **error);
/* "target/path" below node; NULL: not there. */
xmlNodePtr xml_find(xmlNodePtr node, const char *path);
/* The next element beside node with its name; NULL: none. */
xmlNodePtr xml_next(xmlNodePtr node);
/* Its text without blanks around it, or its attribute; NULL: not there, or empty. New strings. */
char *xml_text(xmlNodePtr node, const char *path);
char *xml_attribute(xmlNodePtr node, const char *path, const char *name);
/* A size in bytes with an optional unit= (bytes without). FALSE: malformed or too large; untouched
 * when absent. */
gboolean xml_size(xmlNodePtr node, const char *path, guint64 *ret_bytes, GError **error);
/* A number in base; untouched when absent. */
gboolean xml_number(xmlNodePtr node, const char *path, guint base, gint64 *ret, GError **error);

/* printf() with every argument made safe for XML. */
void xml_append(GString *xml, const char *format, ...) G_GNUC_PRINTF(2, 3);

G_END_DECLS
