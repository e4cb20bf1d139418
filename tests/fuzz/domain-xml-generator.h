/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A document made of the parser's own tables: each byte picks a row, a word, a value or whether to
 * go on. What it makes is well-formed and mostly near what is valid. */
char *domain_xml_generate(const guint8 *data, gsize size);
