/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file a guest boots from: hv's, struct kz_boot_header and its sections (kanzen-abi.h); a PVH
 * guest's, its kernel. */
#pragma once

#include "kernel.h"
#include "kxl.h"

typedef struct {
    const KxlDomainConfig *config; /* with uuid */
    const char *kernel;            /* file to unpack; config->kernel or a boot loader's image */
    int domid;
    const GByteArray *store;
    gint64 now_us; /* host's clock */
} KxlBootSpec;

/* Refuses kernels that are none or do not fit the domain's memory. On error the file may be
 * half-written. */
gboolean kxl_boot_file_write(const char *path, const KxlBootSpec *spec, GError **error);

/* The unpacked kernel of a PVH domain, refused likewise. */
gboolean kxl_boot_kernel_write(const char *path, const KxlDomainConfig *config, GError **error);

/* What xl.cfg's localtime and rtc_timeoffset make of the guest's clock, seconds to add to UTC. */
gint64 kxl_time_offset(const KxlDomainConfig *config, gint64 now_us);
