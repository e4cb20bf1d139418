/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows below one element, for the parser and the formatter. */
#pragma once

#include "xml-table.h"

G_BEGIN_DECLS

/* Rows lo to hi (not included) of a class; offset is where the element's own path ends in each of
 * theirs. */
typedef struct {
    guint lo, hi;
    gsize offset;
} XmlSpan;

/* What follows the element in the row's path: "@type", "driver/@name", or "" for the element's own
 * value. */
static inline const char *xml_span_tail(const XmlSpan *span, const XmlRow *row)
{
    if (span->offset == 0)
        return row->path;
    return row->path[span->offset] == '/' ? row->path + span->offset + 1 : "";
}

static inline gboolean xml_tail_is_value(const char *tail)
{
    return tail[0] == '\0' || (tail[0] == '.' && tail[1] == '\0');
}

G_END_DECLS
