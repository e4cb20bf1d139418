/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of a running domain's disks, and of its memory inside them. */
#pragma once

#include "kxl.h"

G_BEGIN_DECLS

/* The whole machine into its qcow2 disks, under a name; PV and HVM alike. The domain goes on as it
 * was. KXL_ERROR_UNSUPPORTED: a writable disk is not qcow2, or there is none. */
gboolean kxl_domain_snapshot_save(KxlHost *host, int domid, const char *name, GError **error);
/* Back to it, stopped as it was then, or going on from there. guest_domid: what the guest had for
 * its domid then. Who is killed meanwhile leaves a machine that goes on if it ran: where it was, or
 * from the snapshot. */
gboolean kxl_domain_snapshot_load(KxlHost *host, int domid, const char *name, int guest_domid,
                                  gboolean run, GError **error);
/* Takes it out of all images that have it. */
gboolean kxl_domain_snapshot_delete(KxlHost *host, int domid, const char *name, GError **error);
/* What the guest takes for its domid: for kxl_domain_snapshot_load(). */
int kxl_domain_guest_domid(KxlHost *host, int domid);

/* A new qcow2 image on top of each disk, all at one moment or none; they are the domain's images
 * from then on. */
typedef struct {
    const char *vdev;
    const char *path;
    gboolean reuse; /* the file is there, with the right backing file */
} KxlOverlay;
gboolean kxl_domain_add_overlays(KxlHost *host, int domid, const KxlOverlay *overlays, guint n,
                                 GError **error);

G_END_DECLS
