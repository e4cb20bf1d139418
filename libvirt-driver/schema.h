/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's published RELAX NG schemas, for the flags that ask for validation. They come with
 * libvirt's client library, not with us: a host may be without.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether that schema ("domain.rng") is installed and can be used. Loaded once. */
gboolean schema_is_there(const char *file);
/* Checks a document, which must be known to be well-formed and to have no DTD.
 * VIR_ERR_XML_INVALID_SCHEMA in libvirt's words, with the line, when it is not what the schema
 * says. */
gboolean schema_validate(const char *file, const char *text, GError **error);

G_END_DECLS
