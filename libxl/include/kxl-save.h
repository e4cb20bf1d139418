/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Saving a running domain to a file and bringing it back. The whole machine goes, hv and all, so
 * the guest takes no part and PV and HVM domains are saved alike. The file is written under another
 * name, synced and renamed: a save that is cut short leaves what was at path before, and the guest
 * running.
 */
#pragma once

#include "kxl.h"

G_BEGIN_DECLS

typedef struct {
    guint64 done, total, remaining; /* bytes of memory */
    guint64 normal, constant;       /* pages sent whole, and those of one byte only */
    guint64 bytes_per_s;
} KxlProgress;
typedef void (*KxlProgressFunc)(const KxlProgress *progress, gpointer user_data);

typedef enum {
    KXL_SAVE_NONE = 0,
    KXL_SAVE_KEEP = 1 << 0,        /* the domain goes on afterwards as it was before */
    KXL_SAVE_KEEP_PAUSED = 1 << 1, /* it stays, paused */
    KXL_SAVE_AS_RUNNING = 1 << 2,  /* restore is to let it run, whatever it does now */
    KXL_SAVE_AS_PAUSED = 1 << 3,
    KXL_SAVE_UNCACHED = 1 << 4, /* do not leave the file in the host's cache */
} KxlSaveFlags;
/* userdata_key: which userdata goes along; userdata: instead of what is kept with the domain, NULL:
 * that. progress is called from time to time in this thread. cancellable (may be NULL): ends it
 * with G_IO_ERROR_CANCELLED, the domain goes on. */
gboolean kxl_domain_save(KxlHost *host, int domid, const char *path, KxlSaveFlags flags,
                         const char *userdata_key, const char *userdata, KxlProgressFunc progress,
                         gpointer user_data, GCancellable *cancellable, GError **error);

/* What a saved image says of its domain. */
typedef struct {
    KxlDomainConfig *config;
    char *userdata_key, *userdata; /* NULL: none */
    char *places;                  /* of an HVM machine's devices, when they are not where a start
                                      would put them; else NULL */
    gboolean running;              /* it is to run when it is restored */
    int guest_domid;               /* what the guest itself takes for its domid */
    guint64 data_offset;           /* where QEMU's part begins */
} KxlSaveImage;
void kxl_save_image_free(KxlSaveImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlSaveImage, kxl_save_image_free)
/* KXL_ERROR_INVALID: it is no saved image. */
KxlSaveImage *kxl_save_image_load(const char *path, GError **error);
/* Writes everything but guest_domid and data_offset anew; a crash leaves the old or the new.
 * KXL_ERROR_INVALID: it has become too long for its place. */
gboolean kxl_save_image_update(const char *path, const KxlSaveImage *image, GError **error);

/* Starts a domain from an image, with image's configuration and userdata (as loaded, or changed
 * since). Returns its domid, -1 on error; the image stays. KXL_CREATE_PAUSED: whatever the image
 * says. */
int kxl_domain_restore(KxlHost *host, const char *path, const KxlSaveImage *image,
                       KxlCreateFlags flags, GError **error);

/* The guest's memory as an ELF core (format NULL or "elf"), or compressed as makedumpfile does:
 * "kdump-zlib", "kdump-lzo", "kdump-snappy". live: without stopping it meanwhile. Written like a
 * saved image. */
gboolean kxl_domain_dump(KxlHost *host, int domid, const char *path, const char *format,
                         gboolean live, KxlProgressFunc progress, gpointer user_data,
                         GCancellable *cancellable, GError **error);

G_END_DECLS
