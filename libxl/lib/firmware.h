/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UEFI images of this host, as QEMU's firmware descriptors tell of them (QEMU
 * docs/interop/firmware.json). */
#pragma once

#include "kxl-config.h"

typedef struct {
    const char *folder; /* with descriptors, instead of the host's; NULL: the host's */
    const char *code;   /* an image that the user has named, or NULL */
    gboolean q35;
    gboolean smm;       /* one that needs system management mode will do even when nobody asks */
    KxlTristate secure_boot, enrolled_keys; /* KXL_DEFAULT: does not matter */
} KxlFirmwareWish;

typedef struct {
    char *code;      /* the image to start */
    char *variables; /* the empty variables that belong to it */
    gboolean smm;    /* it needs system management mode, and flash that only that can write */
} KxlFirmwareFiles;
void kxl_firmware_files_clear(KxlFirmwareFiles *files);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlFirmwareFiles, kxl_firmware_files_clear)

/*
 * The first that suits, in the descriptors' order. Where no descriptor tells of the user's image,
 * or of any for one who has no wishes, they are Debian's. KXL_ERROR_NOT_FOUND: no image has what
 * was asked for.
 */
gboolean kxl_firmware_find(const KxlFirmwareWish *wish, KxlFirmwareFiles *ret_files,
                           GError **error);
