/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions of the host's interfaces as Debian's ifupdown has them: interfaces(5). Pure. */
#pragma once

#include "interface-def.h"

G_BEGIN_DECLS

/* NULL with DOMAIN_XML_ERROR_UNSUPPORTED: ifupdown has no word for something of it. */
char *ifupdown_format(const InterfaceDef *def, GError **error);
/* Of InterfaceDef: those of the file that are no part of another one of it. What is unknown is left
 * out. */
GPtrArray *ifupdown_parse(const char *text);
/* The patterns after "source", and the folders after "source-directory", in the file. */
void ifupdown_list_sources(const char *text, GPtrArray *ret_patterns);

G_END_DECLS
