/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain that is written in one of Xen's formats is whole there. */
#pragma once

#include "domain-xml.h"

G_BEGIN_DECLS

/* text: what def became in that format. FALSE with an error that names the first thing of def's
 * that it does not say, and that matters. */
gboolean native_check_loss(const DomainDef *def, const char *format, const char *text,
                           GError **error);

G_END_DECLS
