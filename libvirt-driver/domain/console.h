/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The console sessions of all clients. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Consoles Consoles;
Consoles *consoles_new(void);
void consoles_free(Consoles *consoles); /* after the last client */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Consoles, consoles_free)

G_END_DECLS
