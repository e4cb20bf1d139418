/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a domain's folder, for a new domain and for the next life of one that restarts. */
#pragma once

#include "host.h"

/* Turns the folder of an ended domain into that of its successor: a new domid, its own interface
 * names, a fresh state. Until kxl_create_move() it keeps its old name. */
gboolean kxl_create_successor(const KxlHost *host, int domid, GError **error);
/* Gives such a folder its new name, again if need be. Returns the new domid, -1 on error. */
int kxl_create_move(const KxlHost *host, int domid, GError **error);

/* The machine that a configuration makes, with examples of what is only chosen when it starts. */
char **kxl_create_plan(KxlHost *host, const KxlDomainConfig *config, GError **error);
