/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qemu-img: images made, copied and resized. Secrets reach it through a file descriptor, never
 * its command line. */
#pragma once

#include "pool-backend.h"

G_BEGIN_DECLS

/* An image as qemu-img is to open it. */
typedef struct {
    const char *path;
    const char *format;           /* of the image: "raw", "qcow2"...; NULL: raw */
    const Encryption *encryption; /* NULL: none */
} ImageRef;

/* The formats that can be made, and be below others; VIR_ERR_CONFIG_UNSUPPORTED otherwise. */
gboolean image_check_format(const char *format, GError **error);
/* Makes a new image in the file at path. */
gboolean image_create(const char *path, const Volume *volume, const VolumeMake *how,
                      SecretRegistry *secrets, GError **error);
/* Copies into an image that is there; zeroed: it reads as zeroes throughout. */
gboolean image_convert(const ImageRef *from, const ImageRef *to, gboolean zeroed, gboolean sparse,
                       SecretRegistry *secrets, GError **error);
gboolean image_resize(const ImageRef *image, guint64 capacity, gboolean allocate, gboolean shrink,
                      SecretRegistry *secrets, GError **error);
/* How qemu-img opens a volume. FALSE: its chain leads where it may not. */
gboolean image_ref(const Volume *volume, ImageRef *ret, GError **error);

G_END_DECLS
