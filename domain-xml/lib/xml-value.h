/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scalar values of rows: text to field and back. */
#pragma once

#include "xml-table.h"

G_BEGIN_DECLS

/* Sets the row's field from text. Returns NULL, or what is wrong with the text ("" when that is
 * obvious). */
const char *xml_value_set(const XmlRow *row, gpointer object, const char *text);
/* Whether the field has something to write. */
gboolean xml_value_present(const XmlRow *row, gconstpointer object);
/* Appends the field as text, escaped for an attribute in single quotes or for element content. */
void xml_value_append(const XmlRow *row, gconstpointer object, gboolean attribute, GString *out);

/* A size with libvirt's units ("b", "KB", "KiB", "M", ...; NULL: KiB), rounded up to KiB. */
const char *xml_size_parse(const char *text, const char *unit, guint64 *ret_kib);
/* The same in bytes. */
const char *xml_bytes_parse(const char *text, const char *unit, guint64 *ret_bytes);
/* The unit that a row's value is written in, NULL: it has none. */
const char *xml_value_unit(const XmlRow *row);

/* Appends text escaped as libvirt does; what XML cannot hold is left out. */
void xml_escape(GString *out, const char *text, gboolean attribute);

/* The field of a row. */
#define XML_FIELD(row, object, Type) (*(Type *)(gpointer)((guint8 *)(object) + (row)->offset))
#define XML_CONST_FIELD(row, object, Type)                                                         \
    (*(Type const *)(gconstpointer)((const guint8 *)(object) + (row)->offset))

G_END_DECLS
