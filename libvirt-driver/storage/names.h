/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which names clients may give to pools and volumes. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* UTF-8 without control characters: can stand in XML and on one line. */
gboolean is_plain_text(const char *text);
/* Also the name of one file: neither empty nor "." nor "..", no "/", not too long. */
gboolean is_file_name(const char *name);

G_END_DECLS
