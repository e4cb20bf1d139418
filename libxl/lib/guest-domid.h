/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A restored guest keeps the domid that it has had all its life: in its XenStore paths, in hv. The
 * host gives it a new one. */
#pragma once

#include "host.h"

/* What the guest takes for its domid. */
int kxl_guest_domid(const KxlHost *host, int domid);
/* Writes it down in a domain's folder (also one that is only being made). */
gboolean kxl_guest_domid_write(const char *folder, int guest_domid, GError **error);
