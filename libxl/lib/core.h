/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Core files of PV guests, as Xen's tools write and read them (xc_core.h: ELF with the sections
 * .xen_prstatus, .xen_shared_info, .xen_p2m and .xen_pages). */
#pragma once

#include "kxl.h"
#include "qmp.h"

/* The core of a domain to path: a PV guest's own, the machine's of others. After an error there is
 * nothing. */
gboolean kxl_core_write(KxlQmp *qmp, KxlDomainType type, const char *path, GError **error);

/* From a core of the whole machine, which QEMU wrote to machine_path; it is removed in any case.
 * What is at path is replaced when all went well. */
gboolean kxl_core_of_guest(const char *machine_path, const char *path, GError **error);
